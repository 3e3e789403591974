from django.core.management.base import BaseCommand

from treatments.reminders.services import load_default_rules_and_texts


class Command(BaseCommand):
    help = "Add the message rule and the texts that are missing; what the clinic has edited stays."

    def handle(self, **options):
        self.stdout.write(f"Rules and texts added: {load_default_rules_and_texts()}")
