from pathlib import Path

from django.core.management.base import BaseCommand

from treatments.catalogue.exchange import services


class Command(BaseCommand):
    help = "Writes the whole catalogue into one file that people can read; import_catalogue reads it."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file, **options):
        content = services.export_catalogue(by=None)
        file.write_bytes(content)
        self.stdout.write(f"{file}: {len(content)} bytes")
