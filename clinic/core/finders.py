"""Static files from node_modules: chosen ones as static/vendor/..., and the icons. Nothing third-party is committed."""

import tempfile
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import Error
from django.core.files.storage import FileSystemStorage

from clinic.core import icons


class VendorFinder(BaseFinder):
    """The files of node_modules that `settings.VENDOR_FILES` names."""

    def __init__(self, app_names=None, *args, **kwargs):
        self.root = Path(settings.NODE_MODULES)
        self.storage = FileSystemStorage(location=self.root)
        self.storage.prefix = "vendor"
        self.files = {f"vendor/{path}": path for path in settings.VENDOR_FILES}

    def check(self, **kwargs):
        gone = [path for path in self.files.values() if not (self.root / path).is_file()]
        return [Error(f"Front-end files are missing: {gone}", hint="Run npm ci.", id="nappage.E004")] if gone else []

    def find(self, path, find_all=False, **kwargs):
        name = self.files.get(path)
        found = str(self.root / name) if name and (self.root / name).is_file() else None
        if find_all:
            return [found] if found else []
        return found or []

    def list(self, ignore_patterns):
        for path in self.files.values():
            yield path, self.storage


class IconsFinder(BaseFinder):
    """css/icons.css, which is put together here and kept in a folder of its own."""

    name = "css/icons.css"

    def __init__(self, app_names=None, *args, **kwargs):
        self.storage = FileSystemStorage(location=settings.MADE_FILES)
        self.storage.prefix = ""

    def check(self, **kwargs):
        gone = icons.missing_drawings()
        return [Error(f"Icons are missing: {gone}", hint="See core/icons.txt.", id="nappage.E005")] if gone else []

    def find(self, path, find_all=False, **kwargs):
        if path != self.name:
            return []
        return [self._made()] if find_all else self._made()

    def list(self, ignore_patterns):
        self._made()
        yield self.name, self.storage

    def _made(self) -> str:
        """Its path. Written only when it changed, and as a whole: other processes may be reading it."""
        file, wanted = Path(self.storage.path(self.name)), icons.style_sheet()
        if not file.is_file() or file.read_text() != wanted:
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as new:
                new.write(wanted)
            Path(new.name).replace(file)
        return str(file)
