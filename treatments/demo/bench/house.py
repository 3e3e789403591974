"""The clinic that is measured: people, recipes, rooms and hours by the services, and then its millions of rows."""

from datetime import time as wall
from decimal import Decimal

from django.conf import settings
from django.core.management import call_command

from clinic.staff import services as staff
from clinic.staff.models import User
from clinic.staff.permissions import Role
from treatments.demo import clinic as demo
from treatments.demo.bench import bulk
from treatments.demo.bench import injections as more
from treatments.demo.bench import visits as filling
from treatments.demo.people import CLINIC, PASSWORD
from treatments.scheduling import hours, settings_services
from treatments.stock import services as stock
from treatments.stock.models import Lot

PRACTITIONERS = 8
PLENTY = Decimal(100_000)  # mL: no repetition empties a lot
QUICK_HASHER = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def prepare(*, patients: int, visits: int, injections: int, say: bulk.Say) -> None:
    """A clinic with the given number of patients and visits, and of further injections, in an empty database."""
    settings.PASSWORD_HASHERS = QUICK_HASHER  # a fifth of a second a password is meant to be slow, and not ours to time
    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    call_command("load_reference", verbosity=0)
    staff.update_clinic(by=None, **CLINIC)
    people = _people()
    demo.stock_shelves(people)
    for lot in Lot.objects.all():
        stock.receive_more(lot=lot, volume_ml=PLENTY, by=people["luis"])
    versions = demo.write_recipes(people)
    demo.furnish(people)
    doctors = list(User.objects.practitioners())
    rooms = [settings_services.add_room(name=f"Bench room {n}", by=people["luis"]) for n in range(PRACTITIONERS)]
    for doctor in doctors:
        week = [(day, wall(7), wall(22)) for day in range(7)]
        hours.set_working_hours(practitioner=doctor, hours=week, by=people["luis"])
    version = versions["Thigh cellulite mix"]
    filling.fill(patients=patients, visits=visits, practitioners=doctors, rooms=rooms, version=version, say=say)
    if injections:
        more.fill(injections=injections, version=version, doctors=doctors, say=say)


def _people() -> dict[str, User]:
    def add(key, *roles):
        return staff.add_person(
            email=f"{key}@bench.example", full_name=f"Bench {key}", roles=roles, password=PASSWORD, by=None
        )

    people = {"ana": add("ana", Role.PRACTITIONER), "jonas": add("jonas", Role.PRACTITIONER)}
    people |= {"marta": add("marta", Role.FRONT_DESK), "luis": add("luis", Role.ADMINISTRATOR)}
    for number in range(PRACTITIONERS - 2):
        add(f"doctor{number}", Role.PRACTITIONER)
    return people
