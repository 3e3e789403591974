from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "treatments.catalogue"

    def ready(self):
        from clinic.core import guards

        guards.register(*recipe_guards())


def recipe_guards():
    """An approved version may only be retired; its lines and their unit never change, and it is never deleted."""
    from clinic.core.guards import changes, refusal

    version, line = "catalogue_formulationversion", "catalogue_recipeline"
    frozen = (
        "formulation_id", "number", "total_volume_ml", "notes", "change_note", "mix_reason",
        "approved_by_id", "approved_elsewhere", "approved_at", "created_by_id", "created_elsewhere", "created_at",
        "edits",
    )  # fmt: skip
    settled = "(SELECT status FROM catalogue_formulationversion WHERE id = {row}.version_id) <> 'draft'"
    return [
        refusal(
            "catalogue_approved_version_frozen",
            table=version,
            event="UPDATE",
            when="OLD.status = 'retired' OR "
            f"(OLD.status <> 'draft' AND (NEW.status <> 'retired' OR {changes(frozen)}))",
        ),
        refusal("catalogue_version_never_deleted", table=version, event="DELETE", when="OLD.status <> 'draft'"),
        refusal("catalogue_line_not_added", table=line, event="INSERT", when=settled.format(row="NEW")),
        refusal(
            "catalogue_line_not_changed",
            table=line,
            event="UPDATE",
            when=f"{settled.format(row='OLD')} OR {settled.format(row='NEW')}",
        ),
        refusal("catalogue_line_not_removed", table=line, event="DELETE", when=settled.format(row="OLD")),
        refusal(
            "catalogue_unit_in_use_frozen",
            table="catalogue_ingredient",
            event="UPDATE",
            when="OLD.unit <> NEW.unit AND EXISTS (SELECT 1 FROM catalogue_recipeline WHERE ingredient_id = OLD.id)",
        ),
    ]
