from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from clinic.core.errors import Refused
from clinic.staff.models import User
from clinic.staff.permissions import Role
from treatments.catalogue.exchange import preview, services
from treatments.catalogue.exchange.enums import Flow, State
from treatments.catalogue.exchange.plan import make_plan
from treatments.catalogue.exchange.queries import signer_of
from treatments.catalogue.exchange.yamltext import Broken


class Command(BaseCommand):
    help = (
        "Imports a catalogue or a signed package, all of it or nothing. A catalogue is restored where there is no "
        "formulation yet (--as-drafts: its recipes become drafts all the same); elsewhere every recipe becomes a draft."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done, and do nothing.")
        parser.add_argument("--as-drafts", action="store_true", help="It is another clinic's: nothing stays approved.")
        parser.add_argument("--theirs", action="store_true", help="Where a row differs from ours, take the file's.")
        parser.add_argument("--fingerprint", default="", help="Of the key, as its clinic read it, if it is not known.")
        parser.add_argument("--by", help="E-mail of the administrator in whose name it is done; else the first one.")

    def handle(self, *, file, dry_run, as_drafts, theirs, fingerprint, by, **options):
        try:
            upload = services.open_file(file.read_bytes())
            flow = upload.flows()[-1 if as_drafts else 0]
            self._say(make_plan(upload.file, flow))
            signer = signer_of(upload.seal)
            if signer:
                self.stdout.write(f"Signed by {signer.name or upload.file.clinic}: {signer.fingerprint}")
            if not dry_run:
                self._refuse_unknown(signer, fingerprint)
                person = self._administrator(by)
                services.import_file(upload=upload, flow=flow, taken=None if theirs else set(), by=person)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        except Broken as broken:
            lines = [f"{file}:{problem.line}: {problem.message}" for problem in broken.problems]
            raise CommandError("\n".join([*lines, "Nothing is imported."])) from None
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from None
        self.stdout.write("Nothing is imported: this was a dry run." if dry_run else "Imported.")

    def _say(self, plan) -> None:
        self.stdout.write(f"{Flow(plan.flow).label}.")
        for label, numbers in preview.counts(plan):
            parts = [f"{number} {State(state).label}" for state, number in zip(State, numbers, strict=True) if number]
            if parts:
                self.stdout.write(f"  {label}: {', '.join(parts)}")

    def _refuse_unknown(self, signer, fingerprint: str) -> None:
        if signer and not signer.known and fingerprint.split() != signer.fingerprint.split():
            raise CommandError("This key is not known here: compare it with its clinic and give it as --fingerprint.")

    def _administrator(self, email: str | None) -> User:
        people = User.objects.with_role(Role.ADMINISTRATOR)
        person = people.filter(email__iexact=email).first() if email else people.order_by("pk").first()
        if person is None:
            raise CommandError("There is no such administrator: make one with add_administrator, or name one with --by")
        return person
