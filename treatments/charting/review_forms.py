"""The form of the review before a session: one question for every patient, and a reason for every gap that is open."""

from crispy_forms.layout import Layout
from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.core.forms import Form, NameField
from clinic.core.gates import Gap
from treatments.charting.draft import REASON_LENGTH
from treatments.charting.reviews import NO, NSAID, WHAT_LENGTH, YES, Unanswered


class ReviewForm(Form):
    """`gaps` are those that are open now; each has a field for the reason for going on all the same."""

    mark_optional = False
    nsaid = forms.ChoiceField(
        label=_("Took aspirin or another anti-inflammatory painkiller (NSAID) in the last 7 days?"),
        help_text=_("Such as ibuprofen, naproxen or diclofenac; also in cold and flu remedies."),
        choices=[(NO, _("No")), (YES, _("Yes"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Ask the patient, then choose yes or no.")},
    )
    what = NameField(label=_("What, and when last?"), max_length=WHAT_LENGTH, required=False)
    why = NameField(label=_("Why you go on"), max_length=REASON_LENGTH, required=False)

    def __init__(self, *args, gaps: tuple[Gap, ...], **kwargs):
        super().__init__(*args, **kwargs)
        self.gaps = gaps
        reasons = self.initial.get("reasons", {})
        for gap in gaps:
            self.fields[f"gap-{gap.slug}"] = NameField(
                label=_("Why you go on"), max_length=REASON_LENGTH, required=False, initial=reasons.get(gap.key, "")
            )
        for name in self.fields:
            self.fields[name].widget.attrs |= {"autocomplete": "off"}
        self.helper.layout = Layout("nsaid", "what", "why")

    @property
    def rows(self) -> list[tuple]:
        """Each gap with its field."""
        return [(gap, self[f"gap-{gap.slug}"]) for gap in self.gaps]

    def answers(self) -> dict:
        """What the service is told."""
        data = self.cleaned_data
        reasons = {gap.key: data[f"gap-{gap.slug}"] for gap in self.gaps}
        return {"nsaid": data["nsaid"], "what": data["what"], "reasons": reasons | {NSAID: data["why"]}}

    def point_out(self, refusal: Unanswered) -> None:
        """Says beside each field which gaps are still open."""
        names = {NSAID: "why"} | {gap.key: f"gap-{gap.slug}" for gap in self.gaps}
        for key in refusal.keys:
            self.add_error(names.get(key), _("Write why you go on, or close this gap first."))


def as_it_was(session, reasons: dict[str, str]) -> dict:
    """The review that was done before, to be done again; `reasons` are the draft's."""
    review = session.review or {}
    given = {key: reason for key, _message, reason in review.get("gaps", [])}
    return {
        "nsaid": review.get("nsaid"),
        "what": review.get("what", ""),
        "why": given.get(NSAID, ""),
        "reasons": given | reasons,
    }
