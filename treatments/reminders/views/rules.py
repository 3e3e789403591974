"""The administrator's pages of rules: what sends a message, to whom, and what a change would do."""

from datetime import timedelta

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clinic.core import clock
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.reminders import preview, queries, services
from treatments.reminders.rule_forms import RuleForm, TryForm


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_MESSAGE_RULES)
def edit_rule(request, rule_id):
    rule = queries.rule(rule_id)
    form = _form(request.POST or None, rule)
    if form.is_valid():
        changed = services.edit_rule(rule=rule, by=request.user, **form.cleaned_data)
        messages.success(request, _("Saved.") + " " + _waiting_changed(changed))
        return redirect("reminders:rules")
    page = {"rule": rule, "form": form, "waiting": queries.waiting_of_rule(rule_id)}
    return render(request, "reminders/edit_rule.html", page)


@require_POST
@requires(Permission.EDIT_MESSAGE_RULES)
def rule_effect(request, rule_id):
    """What saving would do to the messages that wait, while the rule is typed. Writes nothing."""
    rule = queries.rule(rule_id)
    form = _form(request.POST, rule)
    effect = services.effect_of(rule, form.cleaned_data) if form.is_valid() else None
    return render(request, "reminders/_effect.html", {"effect": effect})


@require_GET
@requires(Permission.EDIT_MESSAGE_RULES)
def try_rule(request, rule_id):
    """The rule, asked about a made-up patient: who keeps rules reads nobody's history. Sends and stores nothing."""
    rule = queries.rule(rule_id)
    today = clock.today()
    asked = {
        "day": today + timedelta(days=14),
        "time": "10:00",
        "booked_on": today,
        "channel": "email",
        "language": request.clinic.language,
        "source": "self_bought",
    }
    choices = queries.try_choices()
    meant = [row.pk for row in choices["visit_types"] if not rule.visit_kinds or row.kind in rule.visit_kinds]
    form = TryForm(request.GET or None, initial=asked | {"visit_type": meant[0] if meant else None}, **choices)
    page = {"rule": rule, "form": form, "line": None, "why_none": None}
    if form.is_valid():
        page["line"], page["why_none"] = preview.of_rule(rule, **form.asked())
    return render(request, "reminders/try_rule.html", page)


def _form(data, rule) -> RuleForm:
    initial = {name: getattr(rule, name) for name in services.RULE_FIELDS}
    return RuleForm(data, initial=initial, choices=queries.rule_choices(rule))


def _waiting_changed(count: int) -> str:
    return ngettext("%(count)d waiting message was changed.", "%(count)d waiting messages were changed.", count) % {
        "count": count
    }
