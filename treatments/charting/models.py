"""The treatment session: a draft while it is charted, frozen rows once it is signed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.core.models import Retirable
from patients.history.enums import Effect
from patients.registry.models import Patient
from treatments.catalogue.enums import Side
from treatments.catalogue.models import Area, FormulationVersion, Indication, RecipeLine, Technique
from treatments.charting.enums import CoSignatureKind, NextVisit, PlanStatus, RuleEffect, SessionStatus
from treatments.charting.photo_models import SessionPhoto as SessionPhoto
from treatments.stock.models import Lot


class TreatmentPlan(models.Model):
    """A course of sessions for one indication: with which recipe, where, and in which weeks.

    `areas` holds [key of the area, side] pairs. `weeks` counts from the first session, one entry a session:
    [0, 2, 4, 8]. A plan may be changed while it is active; what was done under it stays with its sessions.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="treatment_plans")
    indication = models.ForeignKey(Indication, models.PROTECT, related_name="+")
    version = models.ForeignKey(FormulationVersion, models.PROTECT, related_name="treatment_plans")
    areas = models.JSONField(_("areas"), default=list)
    weeks = models.JSONField(_("weeks"), default=list)
    status = models.CharField(_("status"), max_length=8, choices=PlanStatus, default=PlanStatus.ACTIVE)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made at"))
    edits = models.PositiveIntegerField(default=0)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    stop_reason = models.CharField(_("why it was stopped"), max_length=200, blank=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="charting_plan_end_is_complete",
                condition=Q(status="active", ended_at__isnull=True, ended_by__isnull=True)
                | (~Q(status="active") & Q(ended_at__isnull=False, ended_by__isnull=False)),
            ),
            models.CheckConstraint(
                name="charting_plan_stopped_with_reason", condition=~Q(status="stopped") | ~Q(stop_reason="")
            ),
        ]

    def __str__(self):
        return f"plan {self.pk}"


class TreatmentSession(models.Model):
    """What was done to one patient on one occasion.

    `copied_from` is the session that its chart began as a copy of.

    While it is a draft, everything charted is in `draft.content`; signing writes the preparations, injections
    and notes as rows, and from then on only the way to "voided" is open (guards in `apps`).

    `review` is what was asked before the start (shape: `reviews` module), `findings` what was seen and used, besides
    the injections (shape: `findings` module); both are None in records from before they were asked for.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="sessions")
    practitioner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sessions")
    status = models.CharField(_("status"), max_length=8, choices=SessionStatus, default=SessionStatus.DRAFT)
    started_at = models.DateTimeField(_("started at"))
    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, null=True, blank=True, related_name="sessions")
    review = models.JSONField(_("review before the start"), null=True, editable=False)
    copied_from = models.ForeignKey("self", models.PROTECT, null=True, editable=False, related_name="+")
    indication = models.ForeignKey(Indication, models.PROTECT, null=True, blank=True, related_name="+")
    findings = models.JSONField(_("findings"), null=True, editable=False)
    note = models.TextField(_("note"), blank=True)
    reactions = models.TextField(_("immediate reactions"), blank=True)
    advice = models.TextField(_("advice given"), blank=True)
    signed_at = models.DateTimeField(_("signed at"), null=True)
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    signed_name = models.CharField(_("signer"), max_length=120, blank=True)
    signed_role = models.CharField(_("signer's qualification"), max_length=120, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    signature = models.CharField(max_length=64, blank=True)
    cosignature_needed = models.BooleanField(_("a supervisor signs too"), default=False, editable=False)
    voided_at = models.DateTimeField(null=True)
    voided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    void_reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(fields=["patient", "-started_at"], name="charting_of_patient"),
            models.Index(fields=["practitioner", "-started_at"], name="charting_unsigned", condition=Q(status="draft")),
            models.Index(fields=["started_at"], name="charting_signed_by_time", condition=Q(status="signed")),
            models.Index(
                fields=["started_at"], name="charting_to_cosign", condition=Q(status="signed", cosignature_needed=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="charting_signature_is_complete",
                condition=~Q(status="signed")
                | (
                    Q(signed_at__isnull=False, signed_by__isnull=False)
                    & ~Q(signed_name="")
                    & ~Q(content_hash="")
                    & ~Q(signature="")
                ),
            ),
            models.CheckConstraint(
                name="charting_void_is_complete",
                condition=(~Q(status="voided") & Q(voided_at__isnull=True))
                | (Q(status="voided", voided_at__isnull=False, voided_by__isnull=False) & ~Q(void_reason="")),
            ),
        ]

    def __str__(self):
        return f"session {self.pk}"

    def is_open_to(self, viewer) -> bool:
        """What was never signed is its author's alone."""
        return self.signed_at is not None or self.practitioner_id == viewer.pk


class SessionDraft(models.Model):
    """Everything charted so far, as the page holds it (shape: `draft` module). `version` is for compare-and-set.

    `save_id` is the name that the page gave the save that is stored; empty for one that a form posted.
    """

    session = models.OneToOneField(TreatmentSession, models.PROTECT, related_name="draft", primary_key=True)
    version = models.PositiveIntegerField(default=0)
    content = models.JSONField(default=dict)
    saved_at = models.DateTimeField()
    save_id = models.CharField(max_length=36, blank=True)

    def __str__(self):
        return f"draft of session {self.pk}"


class DraftVersion(models.Model):
    """What a draft held before it was saved over (see `drafts_kept`): its author's alone, and no part of the record."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="draft_versions")
    version = models.PositiveIntegerField()
    content = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["session", "version"], name="charting_draft_version_once")]

    def __str__(self):
        return f"version {self.version} of the draft of session {self.session_id}"


class Preparation(models.Model):
    """One syringe of a session: an approved version, what was varied for this patient and why.

    `number` is on its label (see `numbers`); syringes signed before there were labels have none.
    """

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="preparations")
    position = models.PositiveSmallIntegerField()
    version = models.ForeignKey(FormulationVersion, models.PROTECT, related_name="preparations")
    volume_ml = models.DecimalField(_("volume drawn up, mL"), max_digits=7, decimal_places=3)
    variation = models.CharField(_("variation"), max_length=1000, blank=True)
    variation_reason = models.CharField(_("reason for the variation"), max_length=300, blank=True)
    number = models.CharField(_("number of the mixture"), max_length=24, blank=True, db_index=True)
    drawn_at = models.DateTimeField(_("drawn up at"), null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["session", "position"], name="charting_preparation_position_once"),
            models.UniqueConstraint(fields=["number"], condition=~Q(number=""), name="charting_mixture_number_once"),
            models.CheckConstraint(name="charting_preparation_volume_positive", condition=Q(volume_ml__gt=0)),
            models.CheckConstraint(
                name="charting_variation_has_reason", condition=Q(variation="") | ~Q(variation_reason="")
            ),
        ]

    def __str__(self):
        return f"preparation {self.position} of session {self.session_id}"


class PreparationLot(models.Model):
    """The lot of one component of a syringe, and how much of it was drawn up: the recipe's share, or as varied."""

    preparation = models.ForeignKey(Preparation, models.PROTECT, related_name="lots")
    line = models.ForeignKey(RecipeLine, models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="uses", db_index=False)
    volume_ml = models.DecimalField(_("taken, mL"), max_digits=10, decimal_places=4, null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["preparation", "line"], name="charting_lot_once_a_line")]
        indexes = [models.Index(fields=["lot", "preparation"], name="charting_uses_of_lot")]

    def __str__(self):
        return f"lot {self.lot_id} in preparation {self.preparation_id}"


class SafetyRule(models.Model):
    """How strongly a safety rule speaks in this clinic, and from which amount on: what it asks is code (`safety`).

    `value` is in the rule's unit, such as days or mL; empty means that the clinic has set none.
    """

    key = models.SlugField(_("key"), max_length=40, unique=True, editable=False)
    effect = models.CharField(_("effect"), max_length=8, choices=RuleEffect)
    value = models.DecimalField(_("value"), max_digits=8, decimal_places=3, null=True, blank=True)
    sources = models.JSONField(_("sources"), default=list, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", editable=False
    )
    changed_at = models.DateTimeField(null=True, editable=False)
    why = models.CharField(_("why it was changed"), max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="charting_rule_value_positive", condition=Q(value__isnull=True) | Q(value__gt=0)
            ),
            models.CheckConstraint(
                name="charting_rule_change_is_complete",
                condition=Q(changed_at__isnull=True, changed_by__isnull=True, why="")
                | (Q(changed_at__isnull=False, changed_by__isnull=False) & ~Q(why="")),
            ),
        ]

    def __str__(self):
        return self.key


class SafetyAnswer(models.Model):
    """What a safety rule said of a session when it was signed, and the reason for going on all the same.

    `about` names what the answer is about (an ingredient's or area's key): it tells the answers of one rule apart.
    """

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="safety_answers")
    rule = models.SlugField(_("rule"), max_length=40)
    about = models.CharField(max_length=120, blank=True)
    effect = models.CharField(_("effect"), max_length=8, choices=Effect)
    message = models.CharField(_("what it said"), max_length=500)
    sources = models.JSONField(_("sources"), default=list)
    reason = models.CharField(_("reason for going on"), max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "rule", "about"], name="charting_answer_once"),
            models.CheckConstraint(
                name="charting_override_has_reason", condition=~Q(effect__in=["stop", "reason"]) | ~Q(reason="")
            ),
        ]

    def __str__(self):
        return f"{self.rule} of session {self.session_id}"


class Injection(models.Model):
    """Equal punctures in one area: `count` times `volume_ml`, `depth_mm` deep.

    `points` holds [x, y] fractions (0 to 1) of the width and height of what `diagram` names: a drawing, or a photo of
    the session by its key. It is empty for punctures that were charted by count, otherwise it has `count` entries.
    `spacing_mm` is how far apart a grid was laid, at the drawing's scale; none where points were put one by one.
    """

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="injections")
    preparation = models.ForeignKey(Preparation, models.PROTECT, related_name="injections")
    area = models.ForeignKey(Area, models.PROTECT, related_name="injections")
    side = models.CharField(_("side"), max_length=5, choices=Side)
    diagram = models.CharField(_("diagram"), max_length=20, blank=True)
    technique = models.ForeignKey(Technique, models.PROTECT, related_name="+")
    needle = models.CharField(_("needle"), max_length=60, blank=True)
    depth_mm = models.DecimalField(_("depth, mm"), max_digits=4, decimal_places=1)
    volume_ml = models.DecimalField(_("volume a point, mL"), max_digits=6, decimal_places=3)
    count = models.PositiveSmallIntegerField(_("points"))
    points = models.JSONField(default=list)
    spacing_mm = models.DecimalField(_("spacing of the grid, mm"), max_digits=4, decimal_places=1, null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="charting_depth_in_range", condition=Q(depth_mm__gt=0, depth_mm__lte=40)),
            models.CheckConstraint(
                name="charting_point_volume_in_range", condition=Q(volume_ml__gt=0, volume_ml__lte=10)
            ),
            models.CheckConstraint(name="charting_count_in_range", condition=Q(count__gte=1, count__lte=2000)),
            models.CheckConstraint(
                name="charting_spacing_positive", condition=Q(spacing_mm__isnull=True) | Q(spacing_mm__gt=0)
            ),
        ]

    def __str__(self):
        return f"injection {self.pk} of session {self.session_id}"

    @property
    def total_ml(self):
        return self.count * self.volume_ml


class Addendum(models.Model):
    """A dated addition to a signed session: the original stays as it was signed.

    `submission` is the form's own number: the same form sent twice adds once.
    """

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="addenda")
    text = models.TextField(_("addendum"))
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    written_name = models.CharField(max_length=120)
    written_at = models.DateTimeField()
    signature = models.CharField(max_length=64)
    submission = models.UUIDField(unique=True, editable=False)

    class Meta:
        ordering = ["written_at", "pk"]

    def __str__(self):
        return f"addendum {self.pk} of session {self.session_id}"


class CoSignature(models.Model):
    """What a supervisor did with a signed session: signed it too, or asked something first. Nothing of it changes.

    `submission` is the form's own number: the same form sent twice counts once.
    """

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="cosignatures")
    kind = models.CharField(_("what was done"), max_length=6, choices=CoSignatureKind)
    text = models.TextField(_("question"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=120)
    by_role = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()
    signature = models.CharField(max_length=64)
    submission = models.UUIDField(unique=True, editable=False)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["session"], condition=Q(kind="signed"), name="charting_cosigned_once"),
            models.CheckConstraint(name="charting_question_has_text", condition=Q(kind="signed") | ~Q(text="")),
        ]

    def __str__(self):
        return f"{self.kind} by a supervisor, session {self.session_id}"


class CloseOut(models.Model):
    """How a signed session was closed: what the patient was told to do, and when to come again.

    Rows are only added; the newest of a session counts. Not part of what is signed. `submission` is the form's own
    number: the same form sent twice adds once. The oldest rows have none.
    """

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="close_outs")
    care = models.TextField(_("after-care that was explained"), blank=True)
    next_visit = models.CharField(_("next visit"), max_length=6, choices=NextVisit)
    next_from = models.DateField(_("from"), null=True, blank=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    closed_at = models.DateTimeField()
    submission = models.UUIDField(unique=True, null=True, editable=False)

    class Meta:
        ordering = ["-closed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="charting_next_visit_has_a_day",
                condition=Q(next_visit="wanted", next_from__isnull=False)
                | (~Q(next_visit="wanted") & Q(next_from__isnull=True)),
            )
        ]

    def __str__(self):
        return f"close-out {self.pk} of session {self.session_id}"


class Snippet(Retirable):
    """A phrase of the clinic's own that is put into notes, by its short code or by its button."""

    code = models.SlugField(_("code"), max_length=20)
    text = models.CharField(_("phrase"), max_length=1000)

    class Meta:
        ordering = ["code", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"], condition=Q(retired_at__isnull=True), name="charting_snippet_code_once"
            )
        ]

    def __str__(self):
        return self.code
