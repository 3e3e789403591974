"""Every permission, and which role holds it: the one page that decides who may do what."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """What a view asks for. Clinical content is behind permissions that the front desk does not hold."""

    VIEW_PATIENTS = "view_patients"
    EDIT_PATIENTS = "edit_patients"
    IMPORT_PATIENTS = "import_patients"
    VIEW_HISTORY = "view_history"
    EDIT_HISTORY = "edit_history"
    VIEW_CATALOGUE = "view_catalogue"
    EDIT_CATALOGUE = "edit_catalogue"
    APPROVE_FORMULATIONS = "approve_formulations"
    VIEW_STOCK = "view_stock"
    EDIT_STOCK = "edit_stock"
    VIEW_CHARTS = "view_charts"
    CHART_SESSIONS = "chart_sessions"
    VIEW_CALENDAR = "view_calendar"
    BOOK_VISITS = "book_visits"
    OVERRIDE_CONSULTATION = "override_consultation"
    EDIT_CALENDAR = "edit_calendar"
    VIEW_MESSAGES = "view_messages"
    RESEND_MESSAGES = "resend_messages"
    READ_MESSAGE_TEXTS = "read_message_texts"
    EDIT_MESSAGE_RULES = "edit_message_rules"
    DECIDE_MEDICINES = "decide_medicines"
    MANAGE_STAFF = "manage_staff"
    EDIT_CLINIC = "edit_clinic"
    VIEW_AUDIT = "view_audit"
    HOME = "home"


class Role(StrEnum):
    PRACTITIONER = "practitioner"
    FRONT_DESK = "front_desk"
    ADMINISTRATOR = "administrator"


P = Permission

ROLES = {
    Role.PRACTITIONER: {
        "name": _("Practitioner"),
        "description": _("Treats patients: reads and writes the clinical record, signs sessions, approves recipes."),
        "permissions": {
            P.HOME,
            P.VIEW_PATIENTS,
            P.EDIT_PATIENTS,
            P.VIEW_HISTORY,
            P.EDIT_HISTORY,
            P.VIEW_CATALOGUE,
            P.APPROVE_FORMULATIONS,
            P.VIEW_STOCK,
            P.VIEW_CHARTS,
            P.CHART_SESSIONS,
            P.VIEW_CALENDAR,
            P.BOOK_VISITS,
            P.OVERRIDE_CONSULTATION,
            P.VIEW_MESSAGES,
            P.READ_MESSAGE_TEXTS,
            P.DECIDE_MEDICINES,
        },
    },
    Role.FRONT_DESK: {
        "name": _("Front desk"),
        "description": _("Registers patients and runs the calendar; sees no clinical content."),
        "permissions": {
            P.HOME,
            P.VIEW_PATIENTS,
            P.EDIT_PATIENTS,
            P.IMPORT_PATIENTS,
            P.VIEW_STOCK,
            P.VIEW_CALENDAR,
            P.BOOK_VISITS,
            P.VIEW_MESSAGES,
            P.RESEND_MESSAGES,
        },
    },
    Role.ADMINISTRATOR: {
        "name": _("Administrator"),
        "description": _(
            "Keeps the catalogue, stock, rooms, hours, message texts and people; sees no clinical content."
        ),
        "permissions": {
            P.HOME,
            P.VIEW_PATIENTS,
            P.EDIT_PATIENTS,
            P.IMPORT_PATIENTS,
            P.VIEW_CATALOGUE,
            P.EDIT_CATALOGUE,
            P.VIEW_STOCK,
            P.EDIT_STOCK,
            P.VIEW_CALENDAR,
            P.EDIT_CALENDAR,
            P.VIEW_MESSAGES,
            P.EDIT_MESSAGE_RULES,
            P.MANAGE_STAFF,
            P.EDIT_CLINIC,
            P.VIEW_AUDIT,
        },
    },
}


def permissions_of(roles) -> frozenset[Permission]:
    """The union of what the roles hold."""
    return frozenset().union(*(ROLES[Role(role)]["permissions"] for role in roles))
