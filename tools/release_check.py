"""Build and check the parts of a release, as far as one Linux machine can; `make release-check`.

Usage: python tools/release_check.py [--only STEP ...] [--targets TARGET ...]
       [--pythons VERSION ...] [--jobs N]

Zig's Clang (the package `ziglang`) builds the wheels for Linux on x86-64 and aarch64, with glibc
and with musl, and the core for macOS and Windows. Then the wheels are examined, and installed where
that is possible. The last lines say what passed, what failed, and what could not be run here.

Steps
    sdist    the source distribution, and what is in it
    wheels   one wheel for each target and Python's ABI; auditwheel, abi3audit, twine, contents
    core     the core and its native tests for macOS and Windows: compiled and linked
    native   the native tests: under qemu for aarch64, natively for musl on x86-64
    install  the wheel of this machine in an empty environment of each CPython, and the demo
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "release"
DIST = ROOT / "dist"
STEPS = ("sdist", "wheels", "core", "native", "install")
MAX_WHEEL = 1_500_000  # bytes
NEWEST = {"gnu": ("manylinux", 2, 28), "musl": ("musllinux", 1, 2)}  # C libraries required at most
WHEEL_TARGETS = {  # Zig's target → the platform as Python spells it
    "x86_64-linux-gnu.2.28": "linux-x86_64",
    "aarch64-linux-gnu.2.28": "linux-aarch64",
    "x86_64-linux-musl": "linux-x86_64",
    "aarch64-linux-musl": "linux-aarch64",
}
CORE_TARGETS = ("aarch64-macos.11.0", "x86_64-windows-gnu")
NATIVE_TARGETS = ("aarch64-linux-gnu.2.28", "x86_64-linux-musl")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
QEMU = ("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu")  # packages qemu-user, libc6-arm64-cross


@dataclass
class Report:
    """What passed, failed and could not be run."""

    lines: dict[str, list[str]] = field(
        default_factory=lambda: {"passed": [], "failed": [], "not run": []}
    )

    def add(self, outcome: str, what: str) -> None:
        """Note and print an outcome."""
        self.lines[outcome].append(what)
        print(f"{outcome}: {what}", flush=True)

    def check(self, what: str, command: Sequence[object], **options: object) -> bool:
        """Run a command; it passes if it ends with 0. Its output is printed if it fails."""
        words = [str(word) for word in command]
        ran = subprocess.run(words, capture_output=True, text=True, **options)  # type: ignore[call-overload]
        if ran.returncode != 0:
            print(*words, ran.stdout[-8000:], ran.stderr[-8000:], sep="\n")
        self.add("passed" if ran.returncode == 0 else "failed", what)
        return bool(ran.returncode == 0)

    def print_summary(self) -> None:
        """Print all outcomes."""
        print()
        for outcome, lines in self.lines.items():
            print(f"{outcome} ({len(lines)})", *(f"  {line}" for line in lines), sep="\n")


def main() -> int:
    """Run the steps; return 1 if one failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=STEPS, default=STEPS, metavar="STEP")
    parser.add_argument("--targets", nargs="+", metavar="TARGET", help="a part of Zig's targets")
    parser.add_argument("--pythons", nargs="+", choices=PYTHONS, default=PYTHONS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    os.environ["CMAKE_BUILD_PARALLEL_LEVEL"] = str(arguments.jobs)
    DIST.mkdir(exist_ok=True)
    report = Report()

    def selected(targets: Iterable[str]) -> list[str]:
        return [target for target in targets if target in (arguments.targets or [target])]

    steps = {
        "sdist": lambda: check_sdist(report),
        "wheels": lambda: check_wheels(report, selected(WHEEL_TARGETS), arguments.pythons),
        "core": lambda: check_core(report, selected(CORE_TARGETS)),
        "native": lambda: check_native(report, selected(NATIVE_TARGETS)),
        "install": lambda: check_installed(report, arguments.pythons),
    }
    for step in arguments.only:
        steps[step]()
    for what in (
        "macOS and Windows: tests and wheels",
        "aarch64: Python tests",
        "clang-cl",
    ):
        report.add("not run", f"{what} (the workflow wheels.yml does)")
    report.add("not run", "musl: Python tests (nothing does: DuckDB has no wheels for it)")
    report.print_summary()
    return 1 if report.lines["failed"] else 0


# --- the source distribution ------------------------------------------------------------


def check_sdist(report: Report) -> None:
    """Build the source distribution; all tracked files of the package and the core are in it."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--sdist", "-o", DIST, ROOT]
    if report.check("sdist: built", command):
        archive = max(DIST.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
        report.check("sdist: twine check", ["twine", "check", "--strict", archive])
        shutil.unpack_archive(archive, BUILD / "sdist", filter="data")
        top = BUILD / "sdist" / archive.name.removesuffix(".tar.gz")
        absent = [name for name in tracked("src", "native") if not (top / name).exists()]
        report.add("failed" if absent else "passed", f"sdist: complete {' '.join(absent)}".rstrip())


def tracked(*folders: str) -> list[str]:
    """Return the files that git tracks in these folders."""
    listed = subprocess.run(
        ["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return listed.stdout.split()


# --- wheels -----------------------------------------------------------------------------


def zig() -> Path:
    """Return the program of the package `ziglang`."""
    import ziglang

    return Path(ziglang.__file__).parent / "zig"


def toolchain(target: str) -> dict[str, object]:
    """Return the CMake variables that make Zig the compiler for a target."""
    return {
        "CMAKE_TOOLCHAIN_FILE": ROOT / "packaging" / "zig.cmake",
        "PENCHANT_ZIG": zig(),
        "PENCHANT_TARGET": target,
    }


def pythons() -> dict[str, Path]:
    """Return the CPythons of this machine by version: on the path, or pyenv's."""
    versions: dict[str, Path] = {}
    for version in PYTHONS:
        candidates = [*Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
        on_path = shutil.which(f"python{version}")
        candidates += [Path(on_path)] if on_path else []
        for python in candidates:
            ran = subprocess.run([python, "-c", "import ssl, venv"], capture_output=True)
            if ran.returncode == 0:
                versions[version] = python
                break
    return versions


def build_environment(python: Path, version: str) -> Path:
    """Return the Python of an environment with the build tools, made if it is missing."""
    folder = BUILD / f"build-{version}"
    inside = folder / "bin" / "python"
    if not inside.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
        command = [
            inside,
            "-m",
            "pip",
            "install",
            "-q",
            "nanobind>=3.1,<4",
            "scikit-build-core>=1.1,<2",
        ]
        subprocess.run(command, check=True)
    return inside


def check_wheels(report: Report, targets: Sequence[str], versions: Sequence[str]) -> None:
    """Build and examine a wheel for each target: for CPython 3.11, and for 3.12 and later."""
    available = pythons()
    newer = next((v for v in versions if v != "3.11" and v in available), "3.12")
    for version in ("3.11", newer):
        if version not in available or version not in versions:
            report.add("not run", f"wheels for CPython {version}: not here, or not selected")
            continue
        python = build_environment(available[version], version)
        for target in targets:
            check_wheel(report, python, f"{target}, CPython {version}", target)


def check_wheel(report: Report, python: Path, name: str, target: str) -> None:
    """Build a wheel, give it the tag of the oldest system that it runs on, and examine it."""
    out = BUILD / f"wheel-{name.replace(', CPython ', '-')}"
    shutil.rmtree(out, ignore_errors=True)
    defines = [f"-Ccmake.define.{key}={value}" for key, value in toolchain(target).items()]
    folder = f"-Cbuild-dir={BUILD / 'cmake' / out.name}"
    pip = [python, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out]
    environment = {**os.environ, "_PYTHON_HOST_PLATFORM": WHEEL_TARGETS[target]}
    if name.endswith("3.11"):  # the module's name ends with the target, not with this machine
        architecture, system, library = target.split(".")[0].split("-")
        ending = f".cpython-311-{architecture}-{system}-{library}.so"
        environment["SETUPTOOLS_EXT_SUFFIX"] = ending
    if not report.check(f"{name}: built", [*pip, folder, *defines, ROOT], env=environment):
        return
    raw = next(out.glob("*.whl"))
    # no --plat, which auditwheel takes for this machine's architecture alone
    repair = ["auditwheel", "repair", "-w", out / "repaired", raw]
    if not report.check(f"{name}: auditwheel repair", repair):
        return
    wheel = Path(shutil.copy(next((out / "repaired").glob("*.whl")), DIST))
    report.check(f"{name}: auditwheel show", ["auditwheel", "show", wheel])
    if "abi3" in wheel.name:
        report.check(f"{name}: abi3audit", ["abi3audit", "--strict", wheel])
    report.check(f"{name}: twine check", ["twine", "check", "--strict", wheel])
    newest = NEWEST["musl" if "musl" in target else "gnu"]
    faults = faults_of(wheel) or faults_of_tag(wheel, newest)
    size = wheel.stat().st_size / 1e6
    report.add(
        "failed" if faults else "passed", f"{name}: contents, {size:.2f} MB {faults}".rstrip()
    )


def faults_of(wheel: Path) -> str:
    """Return what is wrong with the contents and the size of a wheel, or an empty text."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if not name.endswith("/")}
    wanted = {name.removeprefix("src/") for name in tracked("src/penchant")}
    extension = [name for name in names if name.startswith("penchant/_native.")]
    info = {name for name in names if ".dist-info/" in name}
    faults = [f"lacks {name}" for name in sorted(wanted - names)]
    faults += [f"has {name}" for name in sorted(names - wanted - info - set(extension))]
    if not any(name.endswith((".so", ".pyd")) for name in extension):
        faults.append("lacks the native module")
    if wheel.stat().st_size > MAX_WHEEL:
        faults.append(f"is larger than {MAX_WHEEL / 1e6:g} MB")
    return "; ".join(faults)


def faults_of_tag(wheel: Path, newest: tuple[str, int, int]) -> str:
    """Return what is wrong with the platform of a wheel: none of its tags is as old as required."""
    library, major, minor = newest
    for tag in wheel.stem.split("-")[-1].split("."):
        numbers = re.match(rf"{library}_(\d+)_(\d+)_", tag)
        if numbers and (int(numbers[1]), int(numbers[2])) <= (major, minor):
            return ""
    return f"needs more than {library}_{major}_{minor}"


# --- the core ---------------------------------------------------------------------------


def build_core(report: Report, target: str) -> Path | None:
    """Build the core and its tests for a target; return the folder of the tests."""
    folder = BUILD / "core" / target
    defines = {"CMAKE_BUILD_TYPE": "Release", "PENCHANT_NATIVE_TESTS": "ON", **toolchain(target)}
    configure = ["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja"]
    configure += [f"-D{key}={value}" for key, value in defines.items()]
    if not report.check(f"core for {target}: configured", configure):
        return None
    built = report.check(f"core for {target}: compiled and linked", ["cmake", "--build", folder])
    return folder / "native" / "tests" if built else None


def check_core(report: Report, targets: Sequence[str]) -> None:
    """Compile and link the core and its tests for systems that are not here."""
    for target in targets:
        build_core(report, target)


def check_native(report: Report, targets: Sequence[str]) -> None:
    """Run the native tests of other architectures and of musl."""
    for target in targets:
        emulator = QEMU if target.startswith("aarch64") else ()
        if emulator and not (shutil.which(emulator[0]) and Path(emulator[-1]).exists()):
            report.add("not run", f"native tests of {target}: no qemu-user, libc6-arm64-cross")
            continue
        folder = build_core(report, target)
        for test in sorted(folder.glob("test_*")) if folder else []:
            if test.is_file() and os.access(test, os.X_OK):
                report.check(f"{target}: {test.name}", [*emulator, test])


# --- installation -----------------------------------------------------------------------


def check_installed(report: Report, versions: Sequence[str]) -> None:
    """Install this machine's wheel into an empty environment of each CPython; run the demo."""
    available = pythons()
    for version in versions:
        if version not in available:
            report.add("not run", f"installation for CPython {version}: no such interpreter here")
            continue
        folder = BUILD / f"empty-{version}"
        shutil.rmtree(folder, ignore_errors=True)
        abi = "cp311" if version == "3.11" else "abi3"
        wheel = next(DIST.glob(f"*-{abi}-manylinux*_x86_64.whl"), None)
        if wheel is None:
            report.add("failed", f"CPython {version}: no wheel in {DIST.name}; run the step wheels")
            continue
        empty = BUILD / f"demo-{version}"
        shutil.rmtree(empty, ignore_errors=True)
        empty.mkdir(parents=True)
        install = [folder / "bin" / "python", "-m", "pip", "install", "-q", wheel]
        subprocess.run([available[version], "-m", "venv", folder], check=True)
        if report.check(f"CPython {version}: pip install {wheel.name}", install):
            demo = [folder / "bin" / "penchant", "demo"]
            report.check(f"CPython {version}: penchant demo", demo, cwd=empty)


if __name__ == "__main__":
    sys.exit(main())
