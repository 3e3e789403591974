"""A list as people send it: bytes of some encoding, cells between some signs."""

import csv
import io
import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

LARGEST_BYTES = 20 * 1024 * 1024
DELIMITERS = ";,\t"
LOOKED_AT = 20  # lines, to see which sign parts the cells

# A letter in UTF-8 that is none in Windows-1252; both in one file means that two files were joined.
_UTF8_LETTER = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")


class Unreadable(Exception):
    """The file as a whole cannot be read; the message says why and what to do."""

    def __init__(self, message: str, *, line: int | None = None):
        super().__init__(message)
        self.message = message
        self.line = line


def decode(content: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8, UTF-16 or Windows-1252."""
    if not content.strip():
        raise Unreadable(_("The file is empty."))
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise Unreadable(_("This is not a CSV file. Open it in your spreadsheet and save it as “CSV UTF-8”."))
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise Unreadable(_("The file contains signs that are not text (NUL). Save it as “CSV UTF-8” again."))
        return text.removeprefix("\ufeff"), encoding
    raise Unreadable(_("The letters of this file cannot be read. Save it as “CSV UTF-8” again."))


def _encodings(content: bytes) -> list[str]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ["utf-16"]
    start = content[:2000]
    if start[1::2].count(0) > len(start) // 4:
        return ["utf-16-le"]
    if start[0::2].count(0) > len(start) // 4:
        return ["utf-16-be"]
    return ["utf-8"] if _UTF8_LETTER.search(content) else ["utf-8", "cp1252"]


def find_delimiter(text: str) -> str:
    """The sign that parts the first lines into the most columns of which every line has the same number."""

    def fitness(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in _first_rows(text, delimiter)]
        except csv.Error:
            return 0, 0
        return sum(width == widths[0] for width in widths) if widths and widths[0] > 1 else 0, max(widths, default=0)

    return max(DELIMITERS, key=fitness)


def _first_rows(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=delimiter)
    return [row for row, _count in zip(reader, range(LOOKED_AT), strict=False) if any(row)]


def read_lines(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The number of the line at which each row begins, and its cells; rows without any text are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        message = _("From line %(line)d on the quotation marks do not match, or a cell is too long.") % {"line": line}
        raise Unreadable(message, line=line) from error


def read_header(text: str, delimiter: str) -> list[str]:
    """The names of the columns: each once, at least two."""
    _line, cells = next(read_lines(text, delimiter), (1, []))
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    if len(header) < 2:
        raise Unreadable(_("No columns are found. The first line must hold their names, parted by “;”, “,” or tabs."))
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise Unreadable(_("Two columns have the same name: %s. Rename one of them.") % ", ".join(twice))
    return header
