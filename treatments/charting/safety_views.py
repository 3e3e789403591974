"""The pages on which the clinic keeps its safety rules."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core.errors import Refused
from clinic.staff.access import requires
from clinic.staff.permissions import Permission
from treatments.charting import safety_settings
from treatments.charting.safety.facts import get_safety_rule, safety_rules, shipped_rules
from treatments.charting.safety.texts import TEXTS
from treatments.charting.safety_forms import SafetyRuleForm


@require_safe
@requires(Permission.VIEW_CATALOGUE)
def rules(request):
    """Every rule, in the order in which they are asked, with what it asks for here and where that comes from."""
    rows = safety_rules()
    listed = [(rows[key], shipped, TEXTS[key]) for key, shipped in shipped_rules().items() if key in rows]
    return render(request, "charting/safety_rules.html", {"rules": listed, "section": "safety"})


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_CATALOGUE)
def edit_rule(request, safety_rule_id):
    rule = get_safety_rule(safety_rule_id)
    shipped = shipped_rules()[rule.key]
    if not shipped.choices:
        raise Http404
    form = SafetyRuleForm(request.POST or None, rule=rule, shipped=shipped)
    if form.is_valid():
        try:
            safety_settings.change_safety_rule(rule=rule, by=request.user, **form.values)
        except Refused as refusal:
            refusal.add_to(form)
        else:
            messages.success(request, _("Saved. It counts from the next look at a session on."))
            return redirect("charting:safety_rules")
    context = {"rule": rule, "shipped": shipped, "text": TEXTS[rule.key], "form": form, "section": "safety"}
    return render(request, "charting/safety_rule.html", context)
