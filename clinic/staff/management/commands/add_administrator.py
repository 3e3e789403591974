from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic.core.errors import Refused
from clinic.staff import services
from clinic.staff.permissions import Role


class Command(BaseCommand):
    help = (
        "Adds an administrator and prints the address at which they choose their password, once and within three days."
    )

    def add_arguments(self, parser):
        parser.add_argument("email")
        parser.add_argument("full_name")

    def handle(self, *, email, full_name, **options):
        try:
            person = services.add_person(email=email, full_name=full_name, roles=[Role.ADMINISTRATOR], by=None)
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from None
        self.stdout.write(settings.BASE_URL + services.make_password_link(user=person, by=None))
