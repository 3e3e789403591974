"""Where pages have their place: the wiring of the frame, part of the settings.

The frame and the shells of pages ask for these by name, so that no lower app imports a higher one.
"""

from django.utils.translation import gettext_lazy as _

# `covers` are beginnings of the names of the pages that belong to a place; the longest that fits decides
NAVIGATION = [
    {"view": "home", "covers": ["home"], "label": _("Today"), "icon": "sun", "permission": "home"},
    {
        "view": "registry:patients",
        "covers": ["registry:", "history:", "charting:", "scheduling:tab", "reminders:tab"],
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
        "covers": ["reminders:"],
        "label": _("Messages"),
        "icon": "envelope",
        "permission": "view_messages",
    },
    {"view": "staff:clinic", "covers": ["staff:"], "label": _("Clinic"), "icon": "gear", "permission": "edit_clinic"},
]
# Panels of the page "today", in order; each is a fragment of the app that owns it
TODAY_PANELS = [
    {"view": "scheduling:today_panel", "label": _("Today's visits"), "permission": "book_visits"},
    {"view": "recall:panel", "label": _("Open recalls"), "permission": "manage_recalls"},
    {"view": "charting:unsigned_panel", "label": _("Unsigned sessions"), "permission": "chart_sessions"},
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
# The fragment with the clinical warnings in the patient banner
PATIENT_WARNINGS = {"view": "history:warnings", "permission": "view_history"}
