"""Show the contents of a data set on disk, for ``penchant info``."""

from __future__ import annotations

from penchant.cli.output import Output, table
from penchant.rendering.plain import size


def show_dataset(path: str, *, checked: bool, out: Output) -> None:
    """Print what a data set holds; with ``checked``, compare all its checksums first."""
    from penchant.data.disk.describe import check, describe

    contents = describe(path)
    if checked:
        with out.progress(f"reading {path}") as update:
            check(path, lambda n_read, n_all, side: update(n_read, n_all, side))
        contents["checked"] = True
    out.text(f"{path}: data set {contents['name']!r}, {size(contents['bytes'])}", style="bold")
    out.text(f"written {contents['created']} by penchant {contents['penchant_version']}")
    if checked:
        out.text("all checksums match")
    out.text()
    for note in contents["notes"]:
        out.text(f"  {note}")
    for step in contents["steps"]:
        out.text(f"  {step['what']}")
    times = "with timestamps" if contents["timestamps"] else "without timestamps"
    out.text(f"  {contents['interactions']:,} interactions, {times}")
    if contents["dislikes"]:
        out.text(f"  {contents['dislikes']:,} of them dislikes (negative values)")
    out.text()
    sides = [
        [side, f"{part['n']:,}", part["ids"], f"{part['blocks']:,}", f"{part['largest_block']:,}"]
        for side in ("users", "items")
        for part in (contents[side],)
    ]
    head = ["", "number", "ids", "blocks", "entries of the largest"]
    out.show(table(head, sides, right=(1, 3, 4)))
    out.text()
    files = [[file, size(n_bytes)] for file, n_bytes in contents["files"].items()]
    out.show(table(["file", "size"], files, right=(1,)))
    out.document(contents)
