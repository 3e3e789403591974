from django.core.management.base import BaseCommand

from treatments.catalogue import reference


class Command(BaseCommand):
    help = "Adds the areas, techniques, ingredients and rules that ship with the house and are not here yet."

    def handle(self, *args, **options):
        reference.load()
