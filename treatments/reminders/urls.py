from django.urls import path

from treatments.reminders.views import after, decisions, desk, previews, reports, rules, wording

app_name = "reminders"
urlpatterns = [
    path("", desk.outbox, name="outbox"),
    path("failed/", desk.failed_panel, name="failed_panel"),
    path("reports/email/", reports.email, name="email_report"),
    path("reports/sms/", reports.sms, name="sms_report"),
    path("reports/twilio/<slug:reference>/", reports.twilio_sms, name="twilio_report"),
    path("sent/", desk.sent_texts, name="sent_texts"),
    path("patient/<row:patient_id>/", desk.tab, name="tab"),
    path("<row:reminder_id>/resend/", desk.resend, name="resend"),
    path("<row:reminder_id>/told/", desk.told, name="told"),
    path("decisions/", decisions.decisions_panel, name="decisions_panel"),
    path("decisions/<row:decision_id>/", decisions.decide, name="decide"),
    path("rules/", wording.rules, name="rules"),
    path("rules/<row:rule_id>/", rules.edit_rule, name="edit_rule"),
    path("rules/<row:rule_id>/effect/", rules.rule_effect, name="rule_effect"),
    path("rules/<row:rule_id>/try/", rules.try_rule, name="try_rule"),
    path("session/<row:session_id>/", after.session_panel, name="session_panel"),
    path("visit/<row:appointment_id>/", previews.visit_panel, name="visit_panel"),
    path("visit/<row:appointment_id>/move/", previews.move_panel, name="move_panel"),
    path("texts/<row:text_id>/", wording.edit_text, name="edit_text"),
    path("texts/<row:text_id>/preview/", wording.preview_text, name="preview_text"),
    path("texts/<row:text_id>/versions/<row:version>/", wording.restore_text, name="restore_text"),
]
