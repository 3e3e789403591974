"""Lines of a spreadsheet (CSV) that no program takes for formulas."""

import csv
from collections.abc import Iterable, Iterator

BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheet programs know UTF-8
# A cell that begins so is worked out by Excel, LibreOffice or Google Sheets; the wide forms by the first of them
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: object) -> str:
    """The cell's text; an apostrophe is put before what would be read as a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULAS) or text.lstrip().startswith(FORMULAS) else text


class _Passing:
    """A file that gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def lines(rows: Iterable[Iterable], *, delimiter: str) -> Iterator[str]:
    writer = csv.writer(_Passing(), delimiter=delimiter, quoting=csv.QUOTE_ALL)
    for row in rows:
        yield writer.writerow([harmless(cell) for cell in row])
