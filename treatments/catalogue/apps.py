from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "treatments.catalogue"

    def ready(self):
        from clinic.core import guards

        guards.register(*recipe_guards())


def recipe_guards():
    """An approved version may only be retired; its lines never change, and no version is deleted once approved."""
    from clinic.core.guards import refusal

    version, line = "catalogue_formulationversion", "catalogue_recipeline"
    frozen = ("formulation_id", "number", "total_volume_ml", "notes", "approved_by_id", "approved_at", "created_by_id")
    changed = " OR ".join(f"(OLD.{column} IS DISTINCT FROM NEW.{column})" for column in frozen)
    settled = "(SELECT status FROM catalogue_formulationversion WHERE id = {row}.version_id) <> 'draft'"
    return [
        refusal(
            "catalogue_approved_version_frozen",
            table=version,
            event="UPDATE",
            when=f"OLD.status <> 'draft' AND (NEW.status <> 'retired' OR {changed})",
        ),
        refusal("catalogue_version_never_deleted", table=version, event="DELETE", when="OLD.status <> 'draft'"),
        refusal("catalogue_line_not_added", table=line, event="INSERT", when=settled.format(row="NEW")),
        refusal("catalogue_line_not_changed", table=line, event="UPDATE", when=settled.format(row="OLD")),
        refusal("catalogue_line_not_removed", table=line, event="DELETE", when=settled.format(row="OLD")),
    ]
