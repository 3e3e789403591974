from django.apps import AppConfig


class RecallConfig(AppConfig):
    name = "treatments.recall"

    def ready(self):
        from clinic.core import guards

        guards.register(*guards.append_only("recall_recallstep"), *kept_for_good())


def kept_for_good():
    """Cases, whom they were about and what was sent stay; a case that was closed does not change any more."""
    from clinic.core.guards import refusal, truncation

    for table in ("recall_recallcase", "recall_recallentry", "recall_recallmessage"):
        yield refusal(f"{table}_never_deleted", table=table, event="DELETE", when="1=1")
        yield truncation(table)
    yield refusal(
        "recall_closed_case_frozen", table="recall_recallcase", event="UPDATE", when="OLD.closed_at IS NOT NULL"
    )
    yield refusal("recall_message_frozen", table="recall_recallmessage", event="UPDATE", when="OLD.state <> 'sending'")
