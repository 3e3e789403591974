from django.core.management.base import BaseCommand, CommandError

from clinic.audit import queries


class Command(BaseCommand):
    help = "Checks every event of the trail against its keyed digest, and every seal against its rows."

    def handle(self, *args, **options):
        if found := queries.broken():
            raise CommandError("\n".join(found))
        self.stdout.write("The trail is whole.")
