from django.core.management.base import BaseCommand, CommandError

from treatments.charting import queries, services


class Command(BaseCommand):
    help = "Recomputes the signature of every signed session and addendum from its stored rows."

    def handle(self, *args, **options):
        found = [
            f"session {session.pk}" for session in queries.signed_sessions() if not services.verify_signature(session)
        ]
        found += [f"addendum {row.pk}" for row in queries.all_addenda() if not services.verify_addendum(row)]
        if found:
            raise CommandError("Not what was signed: " + ", ".join(found))
        self.stdout.write("Every signed record is what was signed.")
