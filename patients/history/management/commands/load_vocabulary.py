from django.core.management.base import BaseCommand

from patients.history.services import load_vocabulary


class Command(BaseCommand):
    help = "Adds the shipped allergens, conditions, medicines and products that are missing. Changes nothing else."

    def handle(self, *args, **options):
        added = load_vocabulary()
        self.stdout.write(f"{added} words added.")
