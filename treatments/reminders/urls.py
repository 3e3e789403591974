from django.urls import path

from treatments.reminders.views import decisions, desk, wording

app_name = "reminders"
urlpatterns = [
    path("", desk.outbox, name="outbox"),
    path("failed/", desk.failed_panel, name="failed_panel"),
    path("sent/", desk.sent_texts, name="sent_texts"),
    path("patient/<row:patient_id>/", desk.tab, name="tab"),
    path("<row:reminder_id>/resend/", desk.resend, name="resend"),
    path("<row:reminder_id>/told/", desk.told, name="told"),
    path("decisions/", decisions.decisions_panel, name="decisions_panel"),
    path("decisions/<row:decision_id>/", decisions.decide, name="decide"),
    path("rules/", wording.rules, name="rules"),
    path("rules/<row:rule_id>/", wording.edit_rule, name="edit_rule"),
    path("texts/<row:text_id>/", wording.edit_text, name="edit_text"),
    path("texts/<row:text_id>/preview/", wording.preview_text, name="preview_text"),
]
