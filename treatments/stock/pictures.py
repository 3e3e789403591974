"""Makes an uploaded picture safe to keep and show: read whole, made small, written anew as JPEG without its extras."""

from io import BytesIO

from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP")
LARGEST_BYTES = 15 * 1024 * 1024
LARGEST_PIXELS = 50_000_000
SIDE = 2000  # pixels: enough to read the small print on a delivery note


class BadPicture(ValueError):
    """What was sent is no picture that can be kept; says why."""


def safe_picture(upload: File) -> ContentFile:
    """The picture the right way up, at most 2,000 pixels wide or high; raises BadPicture."""
    if upload.size > LARGEST_BYTES:
        raise BadPicture(_("The picture must be smaller than 15 MB."))
    try:
        return _rewritten(upload)
    except BadPicture:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what decoders raise
        raise BadPicture(_("This is no picture in JPEG, PNG or WebP format.")) from error


def _rewritten(upload: File) -> ContentFile:
    with Image.open(upload, formats=FORMATS) as picture:
        if picture.width * picture.height > LARGEST_PIXELS:
            raise BadPicture(_("The picture has too many pixels."))
        picture.draft("RGB", (SIDE, SIDE))
        picture = ImageOps.exif_transpose(picture).convert("RGB")
        picture.thumbnail((SIDE, SIDE))
        written = BytesIO()
        picture.save(written, "JPEG", quality=82, optimize=True)
    return ContentFile(written.getvalue())
