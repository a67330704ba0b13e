"""Convert any text file to plain UTF-8, and scan it once, byte by byte.

Compressed files and other encodings are copied, as a stream, to a scratch folder. Faults (invalid
bytes, a NUL, a truncated archive) raise errors that name the line.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import itertools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from penchant import _kernels
from penchant.data.expansion import FACTOR, Expansion
from penchant.errors import DataError, EncodingError, SettingsError, require

BLOCK = 1 << 20
LONGEST_LINE = 1 << 20
# Control characters that tables don't hold; those that a file does not use serve as marks.
_MARKS = "\x1f\x1e\x1d\x1c\x01\x02\x03\x04\x05\x06\x0e\x0f\x10\x11\x12\x13\x14"
_ZSTD_BLOCK = 1 << 12  # what a block expands to, 32,768 times its size at most, is in memory
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Plain:
    """A UTF-8 file that was scanned.

    Attributes
    ----------
    path
        The file itself, or its plain copy in the scratch folder.
    lines
        The number of its lines, blank ones included.
    marks
        Control characters that do not occur in it.
    holds_quote
        Whether the requested quote character occurs in it.
    remarks
        The conversions, for the notes, such as ``"gzip"`` or ``"latin-1"``.
    mixed
        Whether it has line ends of several kinds, which may be parts of quoted fields.
    """

    path: Path
    lines: int
    marks: str
    holds_quote: bool
    remarks: tuple[str, ...]
    mixed: bool = False

    def with_uniform_line_ends(self, scratch: Path) -> Plain:
        """Return a file whose lines all end in a line feed; only for files without quotes."""
        if not self.mixed:
            return self
        copy = _free_name(scratch)
        _unify_line_ends(self.path, copy)
        return replace(self, path=copy, mixed=False, remarks=(*self.remarks, "mixed line ends"))


def plain_text(
    path: Path,
    scratch: Path,
    *,
    encoding: str | None,
    quote: str | None,
    max_expansion: float = FACTOR,
) -> Plain:
    """Scan a text file, and make a plain copy if it is not plain.

    Parameters
    ----------
    path
        The file; gzip and zstd are recognized by their first bytes.
    scratch
        A folder for copies, to be removed by the caller.
    encoding
        A codec of Python, or None: UTF-8, or UTF-16 if the file begins with its byte order mark.
    quote
        A character to look for.
    max_expansion
        How many times its own size a compressed file may expand to.

    Raises
    ------
    EncodingError
        If bytes are not text in this encoding.
    DataError
        If the file holds a NUL or too long a line, or its archive is damaged.
    SettingsError
        If Python has no such encoding.
    """
    packing = packing_of(path)
    codec = _codec(encoding, path, packing)
    remarks = [word for word in (packing, None if codec == "utf-8" else codec) if word]
    if packing or codec != "utf-8":
        copy = _free_name(scratch)
        _transcode(unpacked(path, packing, max_expansion), copy, codec, path.name)
        scan = _scan(copy, path.name, quote)
        path = copy
    else:
        scan = _scan(path, path.name, quote)
    return Plain(path, scan.lines, scan.marks, scan.holds_quote, tuple(remarks), scan.mixed)


def _free_name(scratch: Path) -> Path:
    return scratch / f"copy{len(list(scratch.glob('copy*')))}"


# --- opening ----------------------------------------------------------------------------


def packing_of(path: Path) -> str | None:
    """Return the compression of a file by its first bytes: ``"gzip"``, ``"zstd"`` or None."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") else None


def unpacked(path: Path, packing: str | None, max_expansion: float = FACTOR) -> Iterator[bytes]:
    """Yield the unpacked bytes of a file in blocks; no block is empty.

    Raises
    ------
    DataError
        If the archive is damaged or truncated, or expands to more than it may
        (see :class:`penchant.data.expansion.Expansion`).
    """
    if packing is None:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
        return
    expansion = Expansion(path, max_expansion)
    try:
        for block in _unzstd(path) if packing == "zstd" else _gunzip(path):
            expansion.add(len(block))
            yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path.name} is damaged or cut off: its {packing} stream ends too early "
            f"({error}); fetch it again"
        ) from error


def _gunzip(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as file:
        while block := file.read(BLOCK):
            yield block


def _unzstd(path: Path) -> Iterator[bytes]:
    zstd = require("zstandard", extra=None, what="Files packed with zstd")
    frame = None
    with path.open("rb") as file:
        while block := file.read(_ZSTD_BLOCK):
            while block:
                frame = frame or zstd.ZstdDecompressor().decompressobj()
                try:
                    plain = frame.decompress(block)
                except zstd.ZstdError as error:
                    raise EOFError(str(error)) from error
                if plain:
                    yield plain
                # a file may hold several frames, one after another
                block, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    if frame is not None:  # the library's stream reader does not notice a truncated frame
        raise EOFError("the last frame is cut off")


def _codec(encoding: str | None, path: Path, packing: str | None) -> str:
    if encoding is None:
        head = next((block for block in unpacked(path, packing) if block), b"")
        return "utf-16" if head[:2] in _UTF16 else "utf-8"
    try:
        name = codecs.lookup(encoding).name
        "".encode(name)
    except LookupError as error:
        raise SettingsError(
            f'no encoding is called {encoding!r}: try "utf-8", "latin-1" or "cp1252"'
        ) from error
    return "utf-8" if name in ("utf-8", "utf-8-sig") else name


def _transcode(blocks: Iterator[bytes], copy: Path, codec: str, name: str) -> None:
    decoder = None if codec == "utf-8" else codecs.getincrementaldecoder(codec)()
    lines = 0
    with copy.open("wb") as target:
        for block in itertools.chain(blocks, [b""]):
            if decoder is None:
                target.write(block)
                continue
            try:
                text = decoder.decode(block, final=not block)
                target.write(text.encode("utf-8"))  # some codecs, such as UTF-7, make surrogates
            except UnicodeError as error:
                raise _transcoding_error(error, codec, name, lines) from error
            lines += text.count("\n")


def _transcoding_error(error: UnicodeError, codec: str, name: str, lines: int) -> EncodingError:
    """Return the error for bytes that are not text in an encoding, after a number of lines."""
    if isinstance(error, UnicodeDecodeError):
        before, after = error.object[: error.start], error.object[error.start :]
        with contextlib.suppress(UnicodeError):  # of codecs that replace nothing, such as IDNA
            line = lines + before.decode(codec, errors="replace").count("\n") + 1
            return _encoding_error(codec, before[-30:], after[:10], name, line)
    hint = '"utf-16-le" or "utf-16-be"' if codec == "utf-16" else "another"
    return EncodingError(
        f"{name} is not {codec} text ({error}): give encoding=, {hint}, the one that it was "
        "written in"
    )


def _unify_line_ends(path: Path, copy: Path) -> None:
    with (
        path.open(encoding="utf-8", newline=None) as source,
        copy.open("w", encoding="utf-8", newline="\n") as target,
    ):
        while block := source.read(BLOCK):
            target.write(block)


# --- scanning ---------------------------------------------------------------------------


@dataclass
class _Scan:
    lines: int
    mixed: bool
    marks: str
    holds_quote: bool


def _scan(path: Path, name: str, quote: str | None) -> _Scan:
    scan = _kernels.scan(path, text_begin(path), quote=quote, longest=LONGEST_LINE)
    faults = [at for at in (scan.bad, scan.nul, scan.endless) if at >= 0]
    if faults:
        raise _fault(path, name, min(faults), scan)
    ends = scan.lf + scan.cr - scan.crlf
    alone = scan.lf > scan.crlf, scan.cr > scan.crlf
    marks = "".join(mark for mark in _MARKS if not scan.controls >> ord(mark) & 1)
    # files with \r alone (of old Macs) are converted too
    mixed = sum(alone) + (scan.crlf > 0) > 1 or alone[1]
    return _Scan(ends + scan.ends_open, mixed, marks, scan.holds_quote)


def text_begin(path: Path) -> int:
    """Return the offset of the text in a UTF-8 file: after its byte order mark, if it has one."""
    with path.open("rb") as file:
        head = file.read(len(codecs.BOM_UTF8))
    return len(head) if head == codecs.BOM_UTF8 else 0


def _fault(path: Path, name: str, at: int, scan: _kernels.Scan) -> DataError:
    """Return the error for the first fault of a file, at an offset."""
    line, before, after = _around(path, at)
    if at == scan.bad:
        return _encoding_error("utf-8", before, after, name, line)
    if at == scan.nul:
        return DataError(
            f"{name} holds a NUL byte in line {line:,}: it is not a text table, or it is in UTF-16 "
            '(then give encoding="utf-16-le")'
        )
    return DataError(
        f"line {line:,} of {name} is longer than a million bytes: it is not a table with a row "
        "a line"
    )


def _around(path: Path, at: int) -> tuple[int, bytes, bytes]:
    """Return the number of an offset's line, and the bytes before and after the offset."""
    ends, last, left = 0, b"", at
    with path.open("rb") as file:
        while left > 0 and (block := file.read(min(BLOCK, left))):
            ends += block.count(b"\n") + block.count(b"\r") - (last + block).count(b"\r\n")
            last, left = block[-1:], left - len(block)
        file.seek(max(0, at - 30))
        before = file.read(at - file.tell())
        return ends + 1, before, file.read(10)


def _encoding_error(codec: str, before: bytes, after: bytes, name: str, line: int) -> EncodingError:
    begin, end = before.split(b"\n")[-1], after.split(b"\n")[0]
    hint = 'encoding="cp1252" or encoding="latin-1"'
    read = "another encoding="
    if codec == "utf-8":
        text = re.split(r"[^\w ]", (begin + end).decode("cp1252", errors="replace"))
        shown = next((part for part in text if not part.isascii()), "").strip()
        read = hint + (f" (with the first, it reads {shown!r})" if shown else "")
    return EncodingError(
        f"line {line:,} of {name} holds the byte 0x{after[0]:02x}, which is not {codec} text: give "
        f"{read}, the one that it was written in"
    )
