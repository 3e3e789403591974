from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic.staff.permissions import ROLES
from treatments.demo import clinic
from treatments.demo.people import PASSWORD, STAFF


class Command(BaseCommand):
    help = "Builds the demo clinic once, and says who may sign in."

    def handle(self, *args, **options):
        if not settings.DEMO:
            raise CommandError("Demo people have a known password. Set NAPPAGE_DEMO=true to allow them here.")
        clinic.build()
        for email, name, _qualification, _colour, roles in STAFF.values():
            role = ", ".join(str(ROLES[role]["name"]) for role in roles)
            self.stdout.write(f"  {email:<22} {name:<16} {role}")
        self.stdout.write(f"  password: {PASSWORD}\n")
