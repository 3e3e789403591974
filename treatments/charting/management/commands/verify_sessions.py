from django.core.management.base import BaseCommand, CommandError

from treatments.charting import cosigning, photo_queries, queries, services, signing
from treatments.charting.cosign_queries import all_cosignatures


class Command(BaseCommand):
    help = "Recomputes the signature of every signed session, addendum and co-signature from its stored rows."

    def handle(self, *args, **options):
        found = [
            f"session {session.pk}" for session in queries.signed_sessions() if not services.verify_signature(session)
        ]
        found += [f"addendum {row.pk}" for row in queries.all_addenda() if not services.verify_addendum(row)]
        found += [f"co-signature {row.pk}" for row in all_cosignatures() if not cosigning.verify_cosignature(row)]
        photos = (photo for photo in photo_queries.signed_photos() if not signing.photo_is_unchanged(photo))
        found += [f"{photo} (its file was changed, or is missing)" for photo in photos]
        if found:
            raise CommandError("Not what was signed: " + ", ".join(found))
        self.stdout.write("Every signed record is what was signed.")
