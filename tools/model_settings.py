"""Generates the table of the models' settings from their declarations: --write, or compare."""

from __future__ import annotations

import argparse
import json
import sys

from penchant.cli.setting_table import FILE
from penchant.models import class_of, kinds


def generated() -> str:
    """Return the text of the table for the models of today."""
    rows = {
        kind: [
            {
                "name": name,
                "kind": declaration.kind,
                "default": declaration.default,
                "optional": declaration.optional,
                "choices": declaration.choices,
                "help": declaration.setting.help,
                "advanced": declaration.setting.advanced,
            }
            for name, declaration in class_of(kind).declarations.items()
            if declaration.kind != "object"
        ]
        for kind in kinds()
    }
    blocks = []
    for kind, settings in rows.items():  # a line for each setting
        lines = ",\n".join(f"  {json.dumps(row, ensure_ascii=False)}" for row in settings)
        blocks.append(f" {json.dumps(kind)}: [\n{lines}\n ]")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def main() -> int:
    """Write or compare the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="overwrite the table")
    if parser.parse_args().write:
        FILE.write_text(generated(), encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") != generated():
        print(f"{FILE.name} differs from the models' declarations: run `make stubs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
