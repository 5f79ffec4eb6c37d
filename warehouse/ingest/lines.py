"""Cuts a stream of bytes into blocks of whole lines, in flat memory however long a line is."""

import codecs
from typing import BinaryIO, Protocol

from warehouse.ingest.errors import BadFile
from warehouse.ingest.rows import HEAD, WHOLE_ROW, Reject, shown

# Some 30,000 bars: in the order of their key enough of them are neighbours, and a few blocks are in memory.
BLOCK = 2 << 20
LONGEST = 1 << 20  # bytes of a row
UTF_8 = "utf-8"


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Buffer:
    """What was read and not yet used; begins at the start of a line, whose number is `line`."""

    def __init__(self, stream: BinaryIO, encoding: str | None = None) -> None:
        self.data = b""
        self.line = 1
        self.final = False
        self._stream: Readable = stream
        head = bytes(stream.read(BLOCK))
        encoding = encoding or _encoding(head)
        if encoding.replace("_", "-").lower() not in (UTF_8, "utf8"):
            self._stream = _Transcoded(stream, encoding)
            head = self._stream.decode(head)
        elif b"\r" in head and b"\n" not in head:
            self._stream = _Returns(stream)
            head = head.replace(b"\r", b"\n")
        self._head: bytes | None = head.removeprefix(codecs.BOM_UTF8)

    def fill(self) -> bool:
        """Read on; False when all was used. The last line ends like the others."""
        if self._head is not None:
            block, self._head = self._head, None
        else:
            block = bytes(self._stream.read(BLOCK))
        self.final = not block
        self.data += block
        if self.final and self.data and not self.data.endswith(b"\n"):
            self.data += b"\n"
        return bool(self.data) or not self.final

    def use(self, size: int) -> None:
        """Go on behind this many bytes."""
        self.line += self.data.count(b"\n", 0, size)
        self.data = self.data[size:]

    def skip_endless(self) -> Reject | None:
        """Pass by a line that is too long to be kept; its head is."""
        if len(self.data) <= LONGEST or b"\n" in self.data:
            return None
        head, size = self.data[: 4 * HEAD], len(self.data)
        line = self.line
        self.data = b""
        while self.fill() and b"\n" not in self.data:
            size += len(self.data)
            self.data = b""
        end = self.data.find(b"\n") + 1
        size += max(end - 1, 0)
        self.use(end)
        self.line = line + 1
        return too_long(line, head, size)


def too_long(line: int, head: bytes, size: int) -> Reject:
    reason = f"is {size:,} bytes long; a row has at most {LONGEST:,}"
    return Reject(line, shown(head), {WHOLE_ROW: reason})


def _encoding(head: bytes) -> str:
    """A byte order mark says UTF-16, which nothing else here would."""
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return "utf-16" if head.startswith(marks) else UTF_8


class _Transcoded:
    """Another encoding as UTF-8; a byte that it does not have ends the load, for all would be shifted."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        try:
            self._decoder = codecs.getincrementaldecoder(encoding)("strict")
        except LookupError as error:
            raise BadFile(f"There is no encoding {encoding}; nothing was loaded.") from error

    def read(self, size: int, /) -> bytes:
        while raw := bytes(self._stream.read(size)):
            if text := self.decode(raw):
                return text
        return self.decode(b"", final=True)

    def decode(self, raw: bytes, *, final: bool = False) -> bytes:
        try:
            return self._decoder.decode(raw, final).encode()
        except UnicodeDecodeError as error:
            raise BadFile(
                f"The file is not {self._encoding}: {error.reason}. Nothing of it was kept; "
                "name its encoding in the mapping."
            ) from error


class _Returns:
    """Lines that end in a carriage return alone."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        return bytes(self._stream.read(size)).replace(b"\r", b"\n")
