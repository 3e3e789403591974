from django.core.management.base import BaseCommand

from treatments.charting.safety_settings import load_safety_rules


class Command(BaseCommand):
    help = "Adds the safety rules that ship with the house and are not here yet."

    def handle(self, *args, **options):
        load_safety_rules()
