"""Makes an uploaded picture safe to keep and show: read whole, made small, written anew as JPEG without its extras."""

from dataclasses import dataclass
from io import BytesIO

from django.core.files.base import File
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
ACCEPT = "image/jpeg,image/png,image/webp"
LARGEST_BYTES = 15 * 1024 * 1024
LARGEST_PIXELS = 50_000_000
SIDE = 2000  # pixels: enough to read the small print on a delivery note


class BadPicture(ValueError):
    """What was sent is no picture that can be kept; says why."""


@dataclass(frozen=True)
class Picture:
    """A picture that was sent. `jpeg` is our own, small and the right way up; width and height are the sent one's."""

    jpeg: bytes
    width: int
    height: int


def read_picture(upload: File) -> Picture:
    """The picture the right way up, its JPEG at most 2,000 pixels wide or high; raises BadPicture."""
    if upload.size > LARGEST_BYTES:
        raise BadPicture(_("The picture must be smaller than 15 MB."))
    try:
        return _rewritten(upload)
    except BadPicture:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what decoders raise
        raise BadPicture(_("This is no picture in JPEG, PNG or WebP format.")) from error


def _rewritten(upload: File) -> Picture:
    with Image.open(upload, formats=FORMATS) as sent:
        if sent.width * sent.height > LARGEST_PIXELS:
            raise BadPicture(_("The picture has too many pixels."))
        size = sent.size
        sent.draft("RGB", (SIDE, SIDE))
        drawn = sent.size
        upright = ImageOps.exif_transpose(sent)
        width, height = size if upright.size == drawn else size[::-1]
        picture = upright.convert("RGB")
        picture.thumbnail((SIDE, SIDE))
        written = BytesIO()
        picture.save(written, "JPEG", quality=82, optimize=True, comment=b"")
    return Picture(written.getvalue(), width, height)
