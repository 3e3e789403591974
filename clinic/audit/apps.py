from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "clinic.audit"

    def ready(self):
        from clinic.audit.models import AuditEvent, AuditSeal
        from clinic.core import guards

        for model in (AuditEvent, AuditSeal):
            guards.register(*guards.append_only(model._meta.db_table))
