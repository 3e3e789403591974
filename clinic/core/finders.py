"""Serves chosen files of node_modules as static/vendor/...: nothing third-party is committed or bundled."""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import Error
from django.core.files.storage import FileSystemStorage


class VendorFinder(BaseFinder):
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
