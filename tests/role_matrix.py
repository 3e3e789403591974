"""Every URL, every kind of person, both methods, and the answer: the one table that says who may open what.

A new URL needs a row here, or tests/house/test_matrix.py fails. A row is

    (URL name, answers to GET, answers to an empty POST)

with four answers each, in the order anonymous, practitioner, front desk, administrator: a status code, or
"login" for being led to the sign-in page. Rows that belong to an object get one from BUILDERS, by the name of
the URL's parameter; where parameters must belong together, KWARGS says how for that URL.
"""

from clinic.staff.permissions import Role
from tests.factories.people import AdministratorFactory, FrontDeskFactory, PractitionerFactory, UserFactory

PEOPLE = ("anonymous", Role.PRACTITIONER, Role.FRONT_DESK, Role.ADMINISTRATOR)
FACTORIES = {
    Role.PRACTITIONER: PractitionerFactory,
    Role.FRONT_DESK: FrontDeskFactory,
    Role.ADMINISTRATOR: AdministratorFactory,
}

EVERYBODY = "200 200 200 200"
STAFF = "login 200 200 200"
STAFF_NOT = "login 405 405 405"
NOBODY = "login 403 403 403"
PRACTITIONER = "login 200 403 403"
PRACTITIONER_NOT = "login 405 403 403"
DESK = "login 403 200 403"
DESK_NOT = "login 403 405 403"
ADMINISTRATOR = "login 403 403 200"
ADMINISTRATOR_NOT = "login 403 403 405"

CORE = [
    ("home", STAFF, STAFF_NOT),
    ("healthz", EVERYBODY, EVERYBODY),
    ("jsi18n", EVERYBODY, "405 405 405 405"),
]

ACCOUNT = [
    ("account_login", "200 302 302 302", "200 302 302 302"),
    ("account_logout", "302 200 200 200", "302 302 302 302"),
    ("account_inactive", EVERYBODY, "405 405 405 405"),
    ("account_reset_password", EVERYBODY, EVERYBODY),
    ("account_reset_password_done", EVERYBODY, "405 405 405 405"),
    ("account_reset_password_from_key", EVERYBODY, EVERYBODY),
    ("account_reset_password_from_key_done", EVERYBODY, "405 405 405 405"),
    ("account_reauthenticate", STAFF, STAFF),
    ("account_change_password", STAFF, STAFF),
    ("mfa_authenticate", "302 302 302 302", "302 302 302 302"),
    ("mfa_index", STAFF, STAFF_NOT),
    ("mfa_activate_totp", "login 302 302 302", "login 302 302 302"),
    ("mfa_deactivate_totp", "login 404 404 404", "login 404 404 404"),
    ("mfa_view_recovery_codes", "login 404 404 404", STAFF_NOT),
    ("mfa_generate_recovery_codes", "login 302 302 302", "login 302 302 302"),
    ("mfa_download_recovery_codes", "login 404 404 404", "login 404 404 404"),
    # What the library offers and this house does not
    ("account_signup", NOBODY, NOBODY),
    ("account_email", NOBODY, NOBODY),
    ("account_email_verification_sent", NOBODY, NOBODY),
    ("account_confirm_email", NOBODY, NOBODY),
    ("account_confirm_login_code", NOBODY, NOBODY),
    ("account_set_password", NOBODY, NOBODY),
    ("mfa_reauthenticate", NOBODY, NOBODY),
]

STAFF_PAGES = [
    ("staff:clinic", ADMINISTRATOR, ADMINISTRATOR),
    ("staff:people", ADMINISTRATOR, ADMINISTRATOR_NOT),
    ("staff:add_person", "login 403 403 302", "login 403 403 302"),
    ("staff:person", ADMINISTRATOR, ADMINISTRATOR),
    ("staff:roles", "login 403 403 302", "login 403 403 302"),
    ("staff:password_link", "login 403 403 302", "login 403 403 302"),
    ("staff:deactivate", "login 403 403 302", "login 403 403 302"),
    ("staff:reactivate", ADMINISTRATOR_NOT, "login 403 403 302"),
    ("staff:permissions", ADMINISTRATOR, ADMINISTRATOR_NOT),
    ("staff:audit", ADMINISTRATOR, ADMINISTRATOR_NOT),
    ("staff:me", STAFF, STAFF),
]

# Add the rows of an app as a list of its own, and the list here
ROWS = [*CORE, *ACCOUNT, *STAFF_PAGES]

# What stands for a parameter of that name: a function that makes the object and returns the value
BUILDERS = {
    "user_id": lambda: UserFactory().pk,
    "uidb36": lambda: "1",
    "key": lambda: "none",
}
# URLs whose parameters must belong together: a function that returns them all
KWARGS = {}
