"""Every permission, and which role holds it: the one page that decides who may do what."""

from enum import StrEnum

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Permission(TextChoices):
    """What a view asks for. Clinical content is behind permissions that the front desk does not hold."""

    VIEW_PATIENTS = "view_patients", _("Find patients, see names and contacts")
    EDIT_PATIENTS = "edit_patients", _("Register patients and change their contacts")
    IMPORT_PATIENTS = "import_patients", _("Import a list of patients")
    VIEW_HISTORY = "view_history", _("Read allergies, conditions and medicines")
    EDIT_HISTORY = "edit_history", _("Write allergies, conditions and medicines")
    VIEW_CATALOGUE = "view_catalogue", _("Read the catalogue of formulations")
    EDIT_CATALOGUE = "edit_catalogue", _("Keep the catalogue")
    APPROVE_FORMULATIONS = "approve_formulations", _("Approve formulations")
    VIEW_STOCK = "view_stock", _("See lots and quantities")
    USE_STOCK = "use_stock", _("Open vials, write off what is thrown away")
    EDIT_STOCK = "edit_stock", _("Receive, correct and withdraw lots")
    VIEW_CHARTS = "view_charts", _("Read treatment sessions")
    CHART_SESSIONS = "chart_sessions", _("Chart and sign treatment sessions")
    EDIT_PHRASES = "edit_phrases", _("Keep the phrases for notes")
    VIEW_CALENDAR = "view_calendar", _("See the calendar")
    BOOK_VISITS = "book_visits", _("Book, move and cancel visits")
    OVERRIDE_CONSULTATION = "override_consultation", _("Book a session without a recent consultation, with a reason")
    EDIT_CALENDAR = "edit_calendar", _("Keep visit types, rooms and working hours")
    VIEW_MESSAGES = "view_messages", _("See which messages were sent")
    RESEND_MESSAGES = "resend_messages", _("Send a failed message again")
    READ_MESSAGE_TEXTS = "read_message_texts", _("Read what a message to a patient said")
    EDIT_MESSAGE_RULES = "edit_message_rules", _("Keep the rules and texts of messages")
    DECIDE_MEDICINES = "decide_medicines", _("Decide about a patient's medicines before a visit")
    MANAGE_RECALLS = "manage_recalls", _("Find who received a lot, and see to it that they are told")
    MANAGE_STAFF = "manage_staff", _("Keep the clinic's people and their roles")
    EDIT_CLINIC = "edit_clinic", _("Change the clinic's own details")
    VIEW_AUDIT = "view_audit", _("Read the audit trail")
    HOME = "home", _("Sign in and see one's own day")


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
            P.USE_STOCK,
            P.VIEW_CHARTS,
            P.CHART_SESSIONS,
            P.EDIT_PHRASES,
            P.VIEW_CALENDAR,
            P.BOOK_VISITS,
            P.OVERRIDE_CONSULTATION,
            P.VIEW_MESSAGES,
            P.READ_MESSAGE_TEXTS,
            P.DECIDE_MEDICINES,
            P.MANAGE_RECALLS,
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
            P.EDIT_PHRASES,
            P.VIEW_STOCK,
            P.USE_STOCK,
            P.EDIT_STOCK,
            P.VIEW_CALENDAR,
            P.EDIT_CALENDAR,
            P.VIEW_MESSAGES,
            P.EDIT_MESSAGE_RULES,
            P.MANAGE_RECALLS,
            P.MANAGE_STAFF,
            P.EDIT_CLINIC,
            P.VIEW_AUDIT,
        },
    },
}


def permissions_of(roles) -> frozenset[Permission]:
    """The union of what the roles hold."""
    return frozenset().union(*(ROLES[Role(role)]["permissions"] for role in roles))
