"""A page to print: fonts for all languages, the same head and "page 2 of 5" on every sheet, headings, facts, tables.

Made with fpdf2, which needs no library of the system. The fonts are embedded, so that a record looks the same in ten
years and Ł, ή and ё are letters and not boxes. Text goes in as it is: nothing in it is markup.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, XPos, YPos
from fpdf.fonts import FontFace

FONTS = Path("dejavu-fonts-ttf/ttf")
FACES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf", "I": "DejaVuSans-Oblique.ttf"}
INK, MUTED, LINE = (28, 43, 51), (85, 102, 111), (223, 227, 224)
MARGIN, LABEL = 18, 46  # mm


@dataclass(frozen=True)
class Table:
    """`widths` are parts of the page's width; columns in `numbers`, counted from 0, are aligned to the right."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Picture:
    """A drawing with what stands under it; `ratio` is its width by its height. `photo`, a JPEG, lies below it."""

    svg: str
    caption: str
    ratio: float
    photo: bytes | None = None


class Document(FPDF):
    """An A4 document. `head` stands on every page, whose it is first; `foot` beside the page's number."""

    def __init__(self, *, title: str, head: str, foot: str, author: str):
        super().__init__(format="A4")
        self._head, self._foot = head, foot
        for style, file in FACES.items():
            self.add_font("DejaVu", style, settings.NODE_MODULES / FONTS / file)
        self.set_title(title)
        self.set_author(author)
        self.set_margins(MARGIN, 14, MARGIN)
        self.set_auto_page_break(True, margin=20)
        self._ink(9)
        self.add_page()

    def header(self):
        self._ink(8, colour=MUTED)
        self.multi_cell(0, 4.5, self._head, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_draw_color(*LINE)
        self.line(MARGIN, self.get_y() + 1, self.w - MARGIN, self.get_y() + 1)
        self.ln(5)

    def footer(self):
        self.set_y(-14)
        self._ink(7, colour=MUTED)
        self.cell(0, 4, self._foot)
        self.set_x(MARGIN)
        pages = {"page": self.page_no(), "pages": "{nb}"}
        self.cell(0, 4, _("Page %(page)s of %(pages)s") % pages, align="R")

    def _ink(self, size: float, style: str = "", colour=INK) -> None:
        self.set_font("DejaVu", style, size)
        self.set_text_color(*colour)

    def title_line(self, text: str) -> None:
        self._ink(15, "B")
        self.multi_cell(0, 8, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)

    def heading(self, text: str, *, room: float = 24) -> None:
        """On the next page if there is not `room` (mm) for what belongs to it."""
        if self.will_page_break(room):
            self.add_page()
        self.ln(3)
        self._ink(11, "B")
        self.multi_cell(0, 6, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)

    def paragraph(self, text: str, style: str = "") -> None:
        self._ink(9, style)
        self.multi_cell(0, 4.8, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(1)

    def facts(self, facts: Iterable[tuple[str, str]]) -> None:
        for label, text in facts:
            if self.will_page_break(6):
                self.add_page()
            top = self.get_y()
            self._ink(9, colour=MUTED)
            self.multi_cell(LABEL - 3, 4.8, label, align="L", new_x=XPos.RIGHT, new_y=YPos.TOP)
            below, page = self.get_y() + self.font_size, self.page_no()
            self.set_xy(MARGIN + LABEL, top)
            self._ink(9 if " " in text or len(text) < 60 else 8)
            self.multi_cell(0, 4.8, text, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            if page == self.page_no():
                self.set_y(max(self.get_y(), below))

    def grid(self, table: Table) -> None:
        self._ink(8)
        self.set_draw_color(*LINE)
        with self.table(
            col_widths=tuple(table.widths),
            text_align=tuple("R" if place in table.numbers else "L" for place in range(len(table.head))),
            headings_style=FontFace(emphasis="B", color=MUTED),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            line_height=4.6,
            padding=(0.8, 1, 0.8, 1),
        ) as rows:
            for row in (table.head, *table.rows):
                rows.row([str(cell) for cell in row])
        self.ln(2)

    def drawings(self, pictures: Sequence[Picture], *, height: float = 92) -> None:
        """Side by side as far as they fit; `height` in mm."""
        x = MARGIN
        for picture in pictures:
            width = min(height * picture.ratio, self.epw)
            if x > MARGIN and x + width > self.w - MARGIN:
                x = MARGIN
                self.set_y(self.get_y() + height + 8)
            if self.will_page_break(height + 8):
                self.add_page()
                x = MARGIN
            top = self.get_y()
            for layer in filter(None, [picture.photo, picture.svg.encode()]):
                self.image(BytesIO(layer), x=x, y=top, w=width, h=width / picture.ratio)
            self._ink(8, colour=MUTED)
            self.text(x, top + height + 4, picture.caption)
            x += max(width, self.get_string_width(picture.caption)) + 6
            self.set_y(top)
        if pictures:
            self.set_xy(MARGIN, self.get_y() + height + 8)

    def attach(self, name: str, content: bytes, description: str) -> None:
        """A file inside the document, for machines."""
        self.embed_file(basename=name, bytes=content, desc=description, compress=True)

    def finished(self) -> bytes:
        return bytes(self.output())
