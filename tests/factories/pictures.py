"""Pictures for tests, as a browser sends them."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw


def picture(kind="PNG", size=(40, 30), mode="RGB", **extras) -> bytes:
    """Red, with a white left half, so that a turned one can be told; large ones are made sooner in mode "1"."""
    drawn = Image.new(mode, size, "red")
    ImageDraw.Draw(drawn).rectangle((0, 0, size[0] // 2, size[1]), fill="white")
    file = BytesIO()
    drawn.save(file, kind, **extras)
    return file.getvalue()


def upload(content: bytes | None = None, name="photo.png", content_type="image/png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if content is None else content, content_type)
