"""Where pages have their place: the wiring of the frame, part of the settings.

The frame and the shells of pages ask for these by name, so that no lower app imports a higher one.
"""

from django.utils.translation import gettext_lazy as _

# `covers` are beginnings of the names of the pages that belong to a place; the longest that fits decides
NAVIGATION = [
    {"view": "home", "covers": ["home"], "label": _("Today"), "icon": "sun", "permission": "home"},
    {
        "view": "registry:patients",
        "covers": ["registry:", "history:", "charting:", "scheduling:tab", "reminders:tab", "links:"],
        "label": _("Patients"),
        "icon": "people",
        "permission": "view_patients",
    },
    {
        "view": "scheduling:day",
        "covers": ["scheduling:"],
        "label": _("Calendar"),
        "icon": "calendar3",
        "permission": "view_calendar",
    },
    {
        "view": "catalogue:formulations",
        "covers": [
            "catalogue:",
            "charting:safety",
            "charting:edit_safety",
            "charting:phrases",
            "charting:edit_phrase",
            "charting:retire_phrase",
            "history:vocabulary",
            "history:words",
            "history:add_word",
            "history:edit_word",
            "history:retire_word",
        ],
        "label": _("Catalogue"),
        "icon": "journal-medical",
        "permission": "view_catalogue",
    },
    {
        "view": "stock:lots",
        "covers": ["stock:", "recall:", "scheduling:stock_forecast"],
        "label": _("Stock"),
        "icon": "box-seam",
        "permission": "view_stock",
    },
    {
        "view": "reminders:outbox",
        "covers": ["reminders:", "links:settings"],
        "label": _("Messages"),
        "icon": "envelope",
        "permission": "view_messages",
    },
    {"view": "staff:clinic", "covers": ["staff:"], "label": _("Clinic"), "icon": "gear", "permission": "edit_clinic"},
]
# What everybody must know, on every page, of apps that the frame cannot know: functions that answer a sentence, or ""
SITE_NOTICES = [
    {"function": "treatments.reminders.queries.standstill", "permission": "view_messages"},
]
# Panels of the page "today", in order; each is a fragment of the app that owns it
TODAY_PANELS = [
    {"view": "scheduling:today_panel", "label": _("Today's visits"), "permission": "book_visits"},
    {"view": "links:requests_panel", "label": _("Patients who ask for another time"), "permission": "book_visits"},
    {"view": "scheduling:wanted_panel", "label": _("Next visits to book"), "permission": "book_visits"},
    {"view": "recall:panel", "label": _("Open recalls"), "permission": "manage_recalls"},
    {"view": "charting:to_cosign_panel", "label": _("Sessions to co-sign"), "permission": "chart_sessions"},
    {"view": "charting:unsigned_panel", "label": _("Unsigned sessions"), "permission": "chart_sessions"},
    {
        "view": "links:told_panel",
        "label": _("What patients told us they took"),
        "permission": "decide_medicines",
    },
    {"view": "reminders:decisions_panel", "label": _("Decisions waiting"), "permission": "decide_medicines"},
    {"view": "catalogue:drafts_panel", "label": _("Recipes to approve"), "permission": "view_catalogue"},
    {"view": "stock:expiring_panel", "label": _("Lots that expire soon"), "permission": "edit_stock"},
    {"view": "reminders:failed_panel", "label": _("Failed messages"), "permission": "view_messages"},
]
# Panels of the page "stock to do", of apps that know what the stock cannot: who is booked
STOCK_PANELS = [
    {
        "view": "scheduling:stock_forecast",
        "label": _("Enough for everybody booked within a week?"),
        "permission": "view_stock",
    },
]
# Panels of a visit's page, and of a patient's details: fragments of higher apps, about the row with the given id
VISIT_PANELS = [
    {"view": "reminders:visit_panel", "label": _("What the patient gets"), "permission": "view_messages"},
    {"view": "links:visit_panel", "label": _("The patient's links"), "permission": "view_calendar"},
]
PATIENT_PANELS = [
    {"view": "links:patient_panel", "label": _("Links and messages"), "permission": "view_patients"},
]
# Panels of the page where a visit is moved: they are asked with what stands in its form, and again when a visit is
# dragged in the calendar. What has [data-changes] in it is to be accepted there.
MOVE_PANELS = [
    {
        "view": "reminders:move_panel",
        "label": _("What moving it changes for the patient"),
        "permission": "view_messages",
    },
]
# The one higher model that the trail's page asks for: which patient has which number
PATIENT_MODEL = "registry.Patient"
# Rows whose mere existence says something about a patient's health: the trail's page names them all alike
CLINICAL_ROWS = {
    "history.PatientAllergy",
    "history.PatientCondition",
    "history.PatientMedicine",
    "history.NoneKnown",
    "history.PregnancyAnswer",
    "charting.SafetyAnswer",
    "reminders.MedicineDecision",
    "links.MedicinesTold",
    "recall.RecallEntry",
    "recall.RecallMessage",
}
# Tabs of the patient page, in order
PATIENT_TABS = [
    {"view": "registry:details_tab", "label": _("Details"), "permission": "view_patients"},
    {"view": "history:tab", "label": _("History"), "permission": "view_history"},
    {"view": "charting:tab", "label": _("Sessions"), "permission": "view_charts"},
    {"view": "scheduling:tab", "label": _("Visits"), "permission": "view_calendar"},
    {"view": "reminders:tab", "label": _("Messages"), "permission": "view_messages"},
]
# What is shown of a recipe's version beside it
VERSION_PANELS = [
    {"view": "charting:version_use", "label": _("Where it is used"), "permission": "view_catalogue"},
]
# Links of higher apps on the page of a lower app's row: what the row is, and where its id goes
LINKS_ABOUT = [
    {
        "of": ["lot", "product", "ingredient", "version", "mixture"],
        "view": "recall:received",
        "label": _("Who received it?"),
        "icon": "people",
        "permission": "manage_recalls",
    },
]
# Small marks beside visits, of apps that know what the calendar cannot: functions that answer (visit id, Mark) for many
# visits at once (see treatments/scheduling/marks.py)
VISIT_MARKS = [
    {"function": "treatments.reminders.marks.marks_of_visits", "permission": "view_messages"},
]
# The fragment with the clinical warnings in the patient banner
PATIENT_WARNINGS = {"view": "history:warnings", "permission": "view_history"}
# Panels of the page after a session, of apps that know what follows it
AFTER_PANELS = [
    {"view": "reminders:session_panel", "label": _("Messages that follow"), "permission": "read_message_texts"},
]
# Who is asked, before a session starts, what still stands in its way (clinic.core.gates): functions by their name
SESSION_GATES = ["treatments.charting.gates.safety_gate"]
# Who is asked, before a visit, which patients have not answered yet what the clinic asks of them: functions that take
# visits and give the ids of those visits
MISSING_FORMS = ["treatments.links.queries.medicines_not_told"]
