"""Base models: clinical rows are voided with a reason, reference rows are retired; neither is deleted."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class VoidableQuerySet(models.QuerySet):
    def standing(self):
        """Rows that have not been voided."""
        return self.filter(voided_at__isnull=True)


class Voidable(models.Model):
    """A clinical row that was a mistake keeps standing in the record, marked with who, when and why."""

    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True, editable=False)
    voided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    void_reason = models.CharField(_("reason"), max_length=200, blank=True, editable=False)

    objects = VoidableQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_void_is_complete",
                condition=Q(voided_at__isnull=True, voided_by__isnull=True, void_reason="")
                | (Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason="")),
            )
        ]


class RetirableQuerySet(models.QuerySet):
    def current(self):
        """Rows that may still be chosen."""
        return self.filter(retired_at__isnull=True)


class Retirable(models.Model):
    """A reference row that is no longer offered, and still readable wherever it was used."""

    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True, editable=False)
    retire_reason = models.CharField(_("reason for retiring"), max_length=200, blank=True, editable=False)

    objects = RetirableQuerySet.as_manager()

    class Meta:
        abstract = True
