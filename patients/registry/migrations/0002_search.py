"""PostgreSQL only: names compare by their bytes, as on SQLite, so that one index serves prefixes and the order of
lists; trigram indexes serve every other part of a name or telephone, and names with typing errors."""

from django.db import migrations

FORWARD = [
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    'ALTER TABLE registry_patient ALTER COLUMN search_key TYPE varchar(220) COLLATE "C"',
    "CREATE INDEX registry_patient_name_trigrams ON registry_patient USING gin (search_key gin_trgm_ops)",
    "CREATE INDEX registry_patient_phone_trigrams ON registry_patient USING gin (phone_digits gin_trgm_ops)",
]
BACKWARD = [
    "DROP INDEX registry_patient_phone_trigrams",
    "DROP INDEX registry_patient_name_trigrams",
    'ALTER TABLE registry_patient ALTER COLUMN search_key TYPE varchar(220) COLLATE "default"',
]


def run(statements):
    def on_postgresql(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement)

    return on_postgresql


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [migrations.RunPython(run(FORWARD), run(BACKWARD))]
