"""Extract named files from zip and tar archives.

Paths inside the archive are ignored: each file is written to the requested folder under its last
name, so no archive can write elsewhere.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, cast

from penchant._scratch import held, remove_abandoned
from penchant.data.expansion import Expansion
from penchant.errors import DataError

_REMEDY = "unpack it yourself, and give the folder in place of the archive"

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")
# zipfile raises RuntimeError for encrypted archives and unknown compressions
_BROKEN = (
    RuntimeError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    gzip.BadGzipFile,
)


def is_archive(path: Path) -> bool:
    """Return whether a file has the suffix of an archive that can be unpacked."""
    return path.name.lower().endswith(SUFFIXES)


def unpack(archive: Path, names: Iterable[str], to: Path) -> list[str]:
    """Extract some files of an archive: all of them, or none if it is damaged.

    Parameters
    ----------
    archive
        A zip or tar file; the format is recognized by its contents.
    names
        The last names of the wanted files, in any folder of the archive. If two have the same
        name, the one in fewer folders is extracted.
    to
        The folder to create; replaced if it exists.

    Returns
    -------
    list of str
        The names that were extracted.

    Raises
    ------
    DataError
        If it is not an archive, damaged, or expands to more than it may
        (see :class:`penchant.data.expansion.Expansion`).
    """
    wanted = set(names)
    to.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(to.parent, f".{to.name}-")
    fresh = Path(tempfile.mkdtemp(prefix=f".{to.name}-", dir=to.parent))
    try:
        with held(fresh):
            extracted = _unpack_into(archive, wanted, fresh)
        shutil.rmtree(to, ignore_errors=True)
        fresh.replace(to)
    except _BROKEN as error:
        raise DataError(f"{archive} can't be unpacked: {error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return extracted


def _unpack_into(archive: Path, wanted: set[str], folder: Path) -> list[str]:
    if zipfile.is_zipfile(archive):
        return _unpack_zip(archive, wanted, folder)
    if tarfile.is_tarfile(archive):
        return _unpack_tar(archive, wanted, folder)
    raise DataError(f"{archive} is neither a zip nor a tar archive, or it is damaged")


def _unpack_zip(archive: Path, wanted: set[str], folder: Path) -> list[str]:
    depths: dict[str, int] = {}
    expansion = Expansion(archive, remedy=_REMEDY)
    with zipfile.ZipFile(archive) as bundle:
        for info in bundle.infolist():
            if not info.is_dir() and (name := _nearer(info.filename, wanted, depths)):
                with bundle.open(info) as source:
                    _write(source, folder / name, expansion)
    return sorted(depths)


def _unpack_tar(archive: Path, wanted: set[str], folder: Path) -> list[str]:
    depths: dict[str, int] = {}
    expansion = Expansion(archive, remedy=_REMEDY)
    with _decompressed(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as tape:
        # in the order of the file, since seeking back in a compressed one starts over
        for member in tape:
            if member.isfile() and (name := _nearer(member.name, wanted, depths)):
                source = tape.extractfile(member)
                assert source is not None  # since it is a file
                _write(source, folder / name, expansion)
        while block := stream.read(1 << 20):  # the checksum is at the end
            expansion.add(len(block))
    return sorted(depths)


def _decompressed(archive: Path) -> IO[bytes]:
    with archive.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.open(archive))
    if start.startswith(b"BZh"):
        return bz2.open(archive)
    if start.startswith(b"\xfd7zXZ"):
        return lzma.open(archive)
    return archive.open("rb")


def _nearer(path: str, wanted: set[str], depths: dict[str, int]) -> str | None:
    """Return a path's last name if it is wanted and not seen at a lower depth; record its depth."""
    name, depth = PurePosixPath(path).name, path.count("/")
    if name not in wanted or "__MACOSX" in path or depths.get(name, depth + 1) <= depth:
        return None
    depths[name] = depth
    return name


def _write(source: IO[bytes], target: Path, expansion: Expansion) -> None:
    with target.open("wb") as file:
        while block := source.read(1 << 20):
            expansion.add(len(block))
            file.write(block)
