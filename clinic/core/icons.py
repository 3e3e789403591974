"""The icons that pages show: of the two thousand in bootstrap-icons, those in icons.txt become one style sheet."""

import re
from pathlib import Path
from urllib.parse import quote

from django.conf import settings

ICONS = frozenset(Path(__file__).with_name("icons.txt").read_text().split())
FOLDER = settings.NODE_MODULES / "bootstrap-icons" / "icons"
DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def missing_drawings() -> list[str]:
    """The names in icons.txt that bootstrap-icons does not have."""
    return sorted(name for name in ICONS if not (FOLDER / f"{name}.svg").is_file())


def style_sheet() -> str:
    """A class for each icon, which gives `--icon`; css/nappage.css fills its shape with the colour of the text."""
    return "".join(f'.bi-{name} {{ --icon: url("{_as_url(name)}"); }}\n' for name in sorted(ICONS))


def _as_url(name: str) -> str:
    lines = DRAWING.search((FOLDER / f"{name}.svg").read_text())[1].replace('"', "'").splitlines()
    drawing = "".join(line.strip() for line in lines)
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>{drawing}</svg>"
    return "data:image/svg+xml," + quote(svg, safe=" ='<>:/,.-")
