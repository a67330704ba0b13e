# Each target sets up what it needs by itself, in .venv; a second run starts at once.
PYTHON ?= python3
VENV   := .venv
BENCH  := .venv-bench
SPARK  := .venv-spark
RELEASE := .venv-release
BIN    := $(VENV)/bin
NATIVE := CMakeLists.txt $(shell find native -name '*.cpp' -o -name '*.hpp' -o -name '*.txt')
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# a file's tests share fixtures, so that files are spread, not single tests
TEST_PROCESSES ?= 2
# in the order of tests/conftest.py
SPREAD = -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder
# tests start hundreds of processes, so that bytecode is kept even where the environment forbids it
export PYTHONDONTWRITEBYTECODE :=
FUZZ_CASES ?= 20000
# what is about files, memory and processes is the same on any instruction set
NUMERIC := tests/engines tests/models tests/evaluation tests/kernels tests/test_split.py \
	$(addprefix --ignore=tests/,engines/test_block_memory.py engines/test_cluster_faults.py \
	engines/test_cluster_object_store.py engines/test_cluster_processes.py engines/test_limits.py \
	models/io models/test_lists_elsewhere.py models/test_memory_limits.py)
comma  := ,

# $(call ctest,NAME,OPTIONS): configures, builds and runs the native tests in build/NAME
ctest = PATH="$(CURDIR)/$(BIN):$$PATH"; export PATH; \
	cmake -S . -B build/$(1) -G Ninja -DPENCHANT_NATIVE_TESTS=ON $(2) > /dev/null && \
	cmake --build build/$(1) -- --quiet && \
	ctest --test-dir build/$(1) --output-on-failure --parallel $(TEST_PROCESSES)

.PHONY: help demo test test-faults test-native test-sanitizers test-baseline fuzz lint format-native stubs bench bench-gate bench-quick bench-quality bench-spark docs serve build wheel release-check lock clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: $(VENV)/built  ## the main job on a made-up catalog: writes demo/report.html
	@$(BIN)/penchant demo

test: $(VENV)/built $(VENV)/dev $(VENV)/docs  ## every Python test, in TEST_PROCESSES processes
	@$(BIN)/python -m pytest $(SPREAD) $(ARGS)

test-faults: $(VENV)/built $(VENV)/dev  ## workers, schedulers and ingests that are killed, at all moments
	@PENCHANT_ALL_FAULTS=1 $(BIN)/python -m pytest tests/engines/test_cluster_processes.py tests/engines/test_cluster_faults.py tests/engines/test_cluster_real_data.py tests/data/disk/test_interrupted.py tests/data/disk/test_on_dask.py

test-native: $(VENV)/core  ## the native tests, as fast as they are shipped
	@$(call ctest,native,-DCMAKE_BUILD_TYPE=Release)

test-sanitizers: $(VENV)/core  ## the native tests under the address, undefined and thread sanitizers
	@$(call ctest,address,-DCMAKE_BUILD_TYPE=Debug -DPENCHANT_SANITIZE=address$(comma)undefined)
	@$(call ctest,thread,-DCMAKE_BUILD_TYPE=Debug -DPENCHANT_SANITIZE=thread)

test-baseline: $(VENV)/built $(VENV)/dev  ## the numeric Python tests on the plainest instruction set
	@PENCHANT_ISA=baseline $(BIN)/python -m pytest $(SPREAD) $(NUMERIC)

fuzz: $(VENV)/built $(VENV)/dev  ## altered model files, wrong arguments, odd files and requests, FUZZ_CASES of each
	@PENCHANT_THREADS=1 $(BIN)/python -m tests.fuzz.model_files --cases $(FUZZ_CASES) 2> /dev/null
	@PENCHANT_THREADS=1 $(BIN)/python -m tests.fuzz.public_interface --cases $(FUZZ_CASES) 2> /dev/null
	@PENCHANT_THREADS=1 $(BIN)/python -m tests.fuzz.reading --cases $(FUZZ_CASES) 2> /dev/null
	@PENCHANT_THREADS=1 $(BIN)/python -m tests.fuzz.http_requests --cases $(FUZZ_CASES) 2> /dev/null

lint: $(VENV)/built $(VENV)/dev  ## style, sizes, wording and types; clang-format and clang-tidy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python tools/check_style.py
	@$(BIN)/mypy
	@$(BIN)/python tools/native_lint.py

format-native: $(VENV)/dev  ## clang-format over native/
	@$(BIN)/clang-format -i $$(git ls-files 'native/*.cpp' 'native/*.hpp')

stubs: $(VENV)/built $(VENV)/dev  ## write _native.pyi and the table of settings anew, after changes of bindings or settings
	@$(BIN)/python tools/native_stub.py --write
	@$(BIN)/python tools/model_settings.py --write

bench: $(BENCH)/built  ## against the peers, side by side; hours (ARGS="--help" tells what there is)
	@$(BENCH)/bin/python -m benchmarks.run $(ARGS)

bench-gate: $(BENCH)/built  ## speed beside one peer; fails when a ratio fell by more than noise
	@$(BENCH)/bin/python -m benchmarks.gate $(ARGS)

bench-quick: $(BENCH)/built  ## a small part of it, in under three minutes
	@$(BENCH)/bin/python -m benchmarks.run --quick $(ARGS)

bench-spark: $(VENV)/built $(VENV)/dev $(SPARK)/built  ## Spark's ALS beside the local and the Dask engine; needs Java 17 (ARGS="--help")
	@$(BIN)/python -m benchmarks.spark $(ARGS)

bench-quality: $(BENCH)/built  ## quality of every model and the peers on real data; hours (ARGS="--out FILE")
	@$(BENCH)/bin/python -m benchmarks.quality $(ARGS)

serve: $(VENV)/built $(VENV)/dev demo/visual.penchant  ## pages and an API over the demo's models (ARGS="--port 9000")
	@$(BIN)/penchant serve demo/model.penchant --hybrid demo/hybrid.penchant --visual demo/visual.penchant \
	  --db sqlite:///demo/feedback.db $(ARGS)

demo/visual.penchant: | $(VENV)/built
	@$(BIN)/penchant demo

docs: $(VENV)/built $(VENV)/docs  ## the manual, in docs/_build
	@$(BIN)/sphinx-build -q -W -b html docs docs/_build
	@echo "docs/_build/index.html"

build: $(VENV)/built

wheel: $(VENV)/built  ## the package, in dist
	@rm -rf dist
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip wheel --quiet \
	  --disable-pip-version-check --no-deps --no-build-isolation -w dist .

release-check: $(RELEASE)/built  ## build the wheels of a release with Zig and check them; long (ARGS="--help")
	@$(RELEASE)/bin/python tools/release_check.py $(ARGS)

clean:  ## forget builds and the environment
	rm -rf build dist demo docs/_build $(VENV) $(BENCH) $(SPARK) $(RELEASE)

# --- what the targets above stand on ---------------------------------------------

$(VENV)/core: locks/core.txt
	@echo "setting up $(VENV) (once; a minute or so)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes -r $<
	@touch $@

$(VENV)/dev: locks/dev.txt $(VENV)/core
	@$(PIP) --require-hashes -r $<
	@touch $@

$(VENV)/docs: locks/docs.txt $(VENV)/core
	@$(PIP) --require-hashes -r $<
	@touch $@

$(VENV)/built: $(VENV)/core pyproject.toml $(NATIVE)
	@echo "building the native core"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(BENCH)/peers: locks/core.txt locks/bench.txt benchmarks/peers.py
	@echo "setting up $(BENCH) with the peers (once; some minutes)"
	@test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	@$(BENCH)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/core.txt
	@$(BENCH)/bin/python benchmarks/peers.py $(BENCH)/bin/python locks/bench.txt
	@touch $@

$(BENCH)/built: $(BENCH)/peers pyproject.toml $(NATIVE)
	@echo "building the native core for $(BENCH)"
	@PATH="$(CURDIR)/$(BENCH)/bin:$$PATH" $(BENCH)/bin/python -m pip install --quiet \
	  --disable-pip-version-check --no-deps --no-build-isolation -Cbuild-dir=build/bench -e .
	@touch $@

$(SPARK)/built: locks/spark.txt
	@echo "setting up $(SPARK) with pyspark (once; a minute or so)"
	@test -x $(SPARK)/bin/python || $(PYTHON) -m venv $(SPARK)
	@$(SPARK)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --no-build-isolation -r $<
	@touch $@

$(RELEASE)/built: locks/release.txt
	@test -x $(RELEASE)/bin/python || $(PYTHON) -m venv $(RELEASE)
	@$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

lock:  ## write locks/ anew from pyproject.toml (needs uv)
	uv pip compile -q --universal --generate-hashes --group build pyproject.toml -o locks/core.txt
	uv pip compile -q --universal --generate-hashes --group dev --extra dask --extra plot --extra tune --extra serve -c locks/core.txt pyproject.toml -o locks/dev.txt
	uv pip compile -q --universal --generate-hashes --group build --group docs --extra plot --extra serve --extra tune -c locks/core.txt -c locks/dev.txt pyproject.toml -o locks/docs.txt
	uv pip compile -q --universal --generate-hashes --group bench -c locks/dev.txt pyproject.toml -o locks/bench.txt
	uv pip compile -q --universal --generate-hashes --group spark -c locks/dev.txt -c locks/bench.txt pyproject.toml -o locks/spark.txt
	uv pip compile -q --universal --generate-hashes --group build --group release pyproject.toml -o locks/release.txt
