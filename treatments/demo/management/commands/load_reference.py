import io

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Adds what ships with the house and is not here yet: vocabulary, catalogue, safety and message rules, texts."

    def handle(self, *args, **options):
        for command in ("load_vocabulary", "load_catalogue", "load_safety_rules", "load_messages"):
            call_command(command, verbosity=0, stdout=io.StringIO())
