from django.apps import AppConfig

FROZEN_COLUMNS = (
    "patient_id",
    "practitioner_id",
    "started_at",
    "plan_id",
    "copied_from_id",
    "review",
    "indication_id",
    "findings",
    "note",
    "reactions",
    "advice",
    "signed_at",
    "signed_by_id",
    "signed_name",
    "signed_role",
    "content_hash",
    "signature",
    "cosignature_needed",
)


class ChartingConfig(AppConfig):
    name = "treatments.charting"

    def ready(self):
        from clinic.core import guards

        guards.register(*session_guards(), *draft_guards(), *child_guards())
        guards.register(*kept_guards(), *photo_guards())


def session_guards():
    """A signed session only ever becomes voided, and nothing else of it changes; no session is deleted."""
    from clinic.core.guards import changes, refusal, truncation

    table = "charting_treatmentsession"
    changed = changes(FROZEN_COLUMNS)
    return [
        refusal(
            "charting_signed_session_frozen",
            table=table,
            event="UPDATE",
            when=f"OLD.status <> 'draft' AND (NEW.status <> 'voided' OR OLD.status = 'voided' OR {changed})",
        ),
        refusal("charting_session_never_deleted", table=table, event="DELETE", when="1=1"),
        truncation(table),
    ]


def draft_guards():
    """What was typed stays as it was once its session is signed or voided."""
    from clinic.core.guards import refusal, truncation

    table = "charting_sessiondraft"
    settled = "(SELECT status FROM charting_treatmentsession WHERE id = OLD.session_id) <> 'draft'"
    return [
        refusal("charting_draft_frozen", table=table, event="UPDATE", when=settled),
        refusal("charting_draft_never_deleted", table=table, event="DELETE", when="1=1"),
        truncation(table),
    ]


def child_guards():
    """Rows of a session are written while it is a draft, by signing, and never changed or removed."""
    from clinic.core.guards import append_only, refusal

    signed = "(SELECT status FROM charting_treatmentsession WHERE id = {session}) <> 'draft'"
    of_preparation = "(SELECT session_id FROM charting_preparation WHERE id = NEW.preparation_id)"
    for table, session in [
        ("charting_preparation", "NEW.session_id"),
        ("charting_injection", "NEW.session_id"),
        ("charting_safetyanswer", "NEW.session_id"),
        ("charting_preparationlot", of_preparation),
    ]:
        yield from append_only(table)
        yield refusal(f"{table}_not_after_signing", table=table, event="INSERT", when=signed.format(session=session))


def kept_guards():
    """What is only ever added to."""
    from clinic.core.guards import append_only

    for table in ("charting_addendum", "charting_closeout", "charting_cosignature", "charting_draftversion"):
        yield from append_only(table)


def photo_guards():
    """A photo never changes; it is added, and may be removed again, while its session is a draft."""
    from clinic.core.guards import refusal, truncation

    table = "charting_sessionphoto"
    settled = "(SELECT status FROM charting_treatmentsession WHERE id = {row}.session_id) <> 'draft'"
    return [
        refusal(f"{table}_never_updated", table=table, event="UPDATE", when="1=1"),
        refusal(f"{table}_not_after_signing", table=table, event="INSERT", when=settled.format(row="NEW")),
        refusal(f"{table}_kept_when_signed", table=table, event="DELETE", when=settled.format(row="OLD")),
        truncation(table),
    ]
