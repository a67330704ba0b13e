"""Messages on the command line name options, not Python's arguments; addresses stay whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import run
from typer.main import get_command

from penchant.cli import wording
from penchant.cli.app import application


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("give sep=", "give --sep"),
        ('leave them out: on_bad_lines="skip".', "leave them out: --on-bad-lines skip."),
        ("can't tell: give user='a b', item=1", "can't tell: give --user 'a b', --item 1"),
        ("no quote there, give quote=None", "no quote there, give --quote none"),
        ("is header= right; header=True", "is --header right; --header yes"),
        ("confidence='log' is made for it", "--confidence log is made for it"),
        ("line 3: 'sep=3' and \"user='a'\"", "line 3: 'sep=3' and \"user='a'\""),
        ("exclude_seen=False", "--no-exclude-seen"),
        ("raise memory_limit='1GB'", "raise memory_limit='1GB'"),
        ("there is no file s3:/b/x.csv", "there is no file s3://b/x.csv"),
    ],
)
def test_arguments_become_options(message: str, words: str) -> None:
    commands = get_command(application("fit", "recommend")).commands  # type: ignore[attr-defined]
    with wording.options_of(commands, ["fit", "s3://b/x.csv"]):
        assert wording.in_options(message) == words
    assert wording.in_options(message) == message


def test_the_options_of_a_catalog(tmp_path: Path, log_file: Path) -> None:
    catalog = tmp_path / "names.csv"
    catalog.write_text("a,b\n1,2\n3\n")
    fit = "fit", log_file, "-o", tmp_path / "m.penchant", "--catalog"
    assert "--catalog-item" in run(*fit, catalog).err
    ran = run(*fit, catalog, "--catalog-item", "a")
    assert ran.code == 1
    assert "--on-bad-lines skip" in ran.err
    assert "=" not in ran.err
    catalog.write_text("a~b\n1~2\n")
    assert "--catalog-sep" in run(*fit, catalog, "--catalog-item", "0").err


@pytest.mark.parametrize(
    "words",
    [
        ("fit", "s3://bucket/log.csv"), ("fit", "LOG", "-o", "s3://bucket/m.penchant"),
        ("info", "s3://bucket/m.penchant"), ("fit", "LOG", "--catalog", "gs://bucket/names.csv"),
        ("fit", "https://example.org/log.csv"), ("recommend", "MODEL", "--like-file=s3://b/x"),
        ("fit", "LOG", "--model", "content", "--item-features", "s3://bucket/f.csv"),
    ],
)  # fmt: skip
def test_addresses_keep_their_slashes(words, log_file, model_file) -> None:
    files = {"LOG": str(log_file), "MODEL": str(model_file)}
    ran = run(*(files.get(word, word) for word in words))
    assert ran.code in (1, 2)
    address = next(word for word in words if "://" in word)
    if ran.code == 1 or "like-file" not in address:
        assert address in ran.err
    assert "s3:/b" not in ran.err.replace("s3://b", "")


def test_warnings_name_options(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    lines = [f"u{n % 40},i{n % 31},{1 if n else 900_000}" for n in range(300)]
    path.write_text("user,item,plays\n" + "\n".join(lines) + "\n")
    raw = "--confidence", "linear"
    ran = run("fit", path, "-o", tmp_path / "m.penchant", "--factors", 4, *raw)
    assert "--confidence log" in ran.err
    logged = run("fit", path, "-o", tmp_path / "m.penchant", "--factors", 4, "--confidence", "log")
    assert logged.code == 0
    assert "linear confidence" not in logged.err
