"""The table of settings is that of the models, and help pages need no model."""

from __future__ import annotations

import subprocess
import sys

import pytest
from tools import model_settings

from penchant.cli import setting_table


def test_the_table_is_that_of_the_declarations() -> None:
    assert setting_table.FILE.read_text(encoding="utf-8") == model_settings.generated(), (
        "run make stubs"
    )
    assert setting_table.settings_of("als")["factors"].default == 256
    assert setting_table.settings_of("nonsense") == {}


@pytest.mark.parametrize("verb", ["fit", "evaluate", "tune", "learning-curve", "recommend"])
@pytest.mark.parametrize("word", ["--help", "--help-all"])
def test_the_help_of_a_command_imports_no_model(verb: str, word: str) -> None:
    code = (
        f"import sys; sys.argv = ['penchant', {verb!r}, {word!r}]\n"
        "from penchant.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "heavy = 'numpy scipy duckdb penchant.models penchant.data.interactions'\n"
        "print([name for name in heavy.split() if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
