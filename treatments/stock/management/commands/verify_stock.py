from django.core.management.base import BaseCommand, CommandError

from clinic.core.fields import format_amount
from treatments.stock import queries


class Command(BaseCommand):
    help = "Adds up the ledger of every lot and compares the sum with what is said to be left."

    def handle(self, *args, **options):
        wrong = queries.wrong_balances()
        if wrong:
            raise CommandError(
                "Not the sum of their movements: "
                + ", ".join(
                    f"lot {lot.number} says {format_amount(lot.balance_ml)} mL, its ledger "
                    f"{format_amount(lot.ledger_ml)} mL"
                    for lot in wrong
                )
            )
        self.stdout.write("Every balance is the sum of its movements.")
