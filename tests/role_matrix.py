"""Every URL, every kind of person, both methods, and the answer: the one table that says who may open what.

A new URL needs a row here, or tests/house/test_matrix.py fails. A row is

    (URL name, answers to GET, answers to an empty POST)

with four answers each, in the order anonymous, practitioner, front desk, administrator: a status code, or
"login" for being led to the sign-in page. The objects that a URL speaks of are made by tests/house/world.py.
"""

from clinic.staff.permissions import Role

PEOPLE = ("anonymous", Role.PRACTITIONER, Role.FRONT_DESK, Role.ADMINISTRATOR)
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
OFFICE = "login 403 200 200"
OFFICE_NOT = "login 403 405 405"
BOOKING = "login 200 200 403"
BOOKING_NOT = "login 405 405 403"

CORE = [
    ("home", STAFF, STAFF_NOT),
    ("healthz", EVERYBODY, EVERYBODY),
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

CATALOGUE_READ = "login 200 403 200"
CATALOGUE_READ_NOT = "login 405 403 405"
TERM_PAGES = [
    ("areas", "area"),
    ("indications", "indication"),
    ("techniques", "technique"),
    ("ingredients", "ingredient"),
    ("classes", "class"),
]

CATALOGUE = [
    ("catalogue:formulations", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("catalogue:drafts_panel", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("catalogue:new_formulation", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:formulation", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("catalogue:edit_formulation", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:retire_formulation", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:version", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("catalogue:edit_draft", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:draft_preview", ADMINISTRATOR_NOT, ADMINISTRATOR),
    ("catalogue:approve", PRACTITIONER, PRACTITIONER),
    ("catalogue:new_version", ADMINISTRATOR_NOT, "login 403 403 302"),
    ("catalogue:retire_version", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:compare", "login 302 403 302", CATALOGUE_READ_NOT),
    ("catalogue:duplicate", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:mixing_rules", ADMINISTRATOR, ADMINISTRATOR),
    ("charting:version_use", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("catalogue:switch_class", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:add_allergen_rule", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:edit_allergen_rule", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:add_condition_rule", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:edit_condition_rule", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:products", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("catalogue:product", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("catalogue:add_product", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:edit_product", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:retire_product", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:restore_product", ADMINISTRATOR_NOT, "login 403 403 302"),
    ("catalogue:limit", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:add_legal", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:legal", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:add_pair_rule", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:edit_pair_rule", ADMINISTRATOR, ADMINISTRATOR),
    *(
        row
        for kind in ("allergen", "condition", "pair")
        for row in [
            (f"catalogue:retire_{kind}_rule", ADMINISTRATOR, ADMINISTRATOR),
            (f"catalogue:restore_{kind}_rule", ADMINISTRATOR_NOT, "login 403 403 302"),
        ]
    ),
]
CATALOGUE += [
    ("catalogue:exchange", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:export", "login 403 403 302", ADMINISTRATOR_NOT),
    ("catalogue:export_recipes", "login 403 403 302", "login 403 403 302"),
    ("catalogue:import", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:name_key", ADMINISTRATOR, ADMINISTRATOR),
    ("catalogue:keys", ADMINISTRATOR, ADMINISTRATOR_NOT),
    ("catalogue:retire_key", ADMINISTRATOR, ADMINISTRATOR),
]
for many, one in TERM_PAGES:
    CATALOGUE += [
        (f"catalogue:{many}", CATALOGUE_READ, CATALOGUE_READ_NOT),
        (f"catalogue:{one}", CATALOGUE_READ, CATALOGUE_READ_NOT),
        (f"catalogue:add_{one}", ADMINISTRATOR, ADMINISTRATOR),
        (f"catalogue:edit_{one}", ADMINISTRATOR, ADMINISTRATOR),
        (f"catalogue:retire_{one}", ADMINISTRATOR, ADMINISTRATOR),
        (f"catalogue:restore_{one}", ADMINISTRATOR_NOT, "login 403 403 302"),
    ]

STOCK = [
    ("stock:lots", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("stock:lot", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("stock:expiring_panel", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("stock:to_do", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("stock:settings", ADMINISTRATOR, ADMINISTRATOR),
    ("stock:receive", ADMINISTRATOR, ADMINISTRATOR),
    ("stock:count", ADMINISTRATOR, ADMINISTRATOR),
    ("stock:more", ADMINISTRATOR, ADMINISTRATOR),
    ("stock:correct", ADMINISTRATOR, ADMINISTRATOR),
    ("stock:waste", CATALOGUE_READ, CATALOGUE_READ),
    ("stock:open_vial", CATALOGUE_READ_NOT, "login 302 403 302"),
    ("stock:finish_vial", CATALOGUE_READ, CATALOGUE_READ),
    ("stock:photo", "login 404 403 404", CATALOGUE_READ_NOT),
    ("stock:add_photo", ADMINISTRATOR, ADMINISTRATOR),
    ("stock:expire", ADMINISTRATOR, ADMINISTRATOR),
    ("stock:quarantine", ADMINISTRATOR, ADMINISTRATOR),
    ("stock:retire", ADMINISTRATOR, ADMINISTRATOR),
    ("stock:release", ADMINISTRATOR_NOT, "login 403 403 302"),
]

REGISTRY = [
    ("registry:patients", STAFF, STAFF),
    ("registry:register", STAFF, STAFF),
    ("registry:look_alikes", STAFF_NOT, STAFF),
    ("registry:imports", OFFICE, OFFICE),
    ("registry:import", "login 403 302 302", OFFICE_NOT),
    ("registry:import_columns", OFFICE, OFFICE),
    ("registry:import_progress", OFFICE, OFFICE_NOT),
    ("registry:import_start", OFFICE_NOT, "login 403 302 302"),
    ("registry:patient", "login 302 302 302", STAFF_NOT),
    ("registry:details_tab", STAFF, STAFF_NOT),
    ("registry:edit", STAFF, STAFF),
    ("registry:trust_contact", STAFF_NOT, "login 302 302 302"),
]

HISTORY = [
    ("history:find_medicine", PRACTITIONER_NOT, PRACTITIONER),
    ("history:find_allergen", PRACTITIONER_NOT, PRACTITIONER),
    ("history:vocabulary", "login 403 403 302", ADMINISTRATOR_NOT),
    ("history:words", ADMINISTRATOR, ADMINISTRATOR_NOT),
    ("history:add_word", ADMINISTRATOR, ADMINISTRATOR),
    ("history:edit_word", ADMINISTRATOR, ADMINISTRATOR),
    ("history:retire_word", ADMINISTRATOR, ADMINISTRATOR),
    ("history:restore_word", "login 403 403 302", "login 403 403 302"),
    ("history:tab", PRACTITIONER, PRACTITIONER_NOT),
    ("history:warnings", PRACTITIONER, PRACTITIONER_NOT),
    ("history:record_allergy", "login 302 403 403", PRACTITIONER),
    ("history:record_condition", "login 302 403 403", PRACTITIONER),
    ("history:end_condition", PRACTITIONER, PRACTITIONER),
    ("history:record_medicine", "login 302 403 403", PRACTITIONER),
    ("history:stop_medicine", PRACTITIONER, PRACTITIONER),
    ("history:record_pregnancy", "login 302 403 403", PRACTITIONER),
    ("history:none_known", "login 302 403 403", "login 302 403 403"),
    ("history:void", PRACTITIONER, PRACTITIONER),
]

SCHEDULING = [
    ("scheduling:day", STAFF, STAFF),
    ("scheduling:week", STAFF, STAFF),
    ("scheduling:month", STAFF, STAFF),
    ("scheduling:day_live", STAFF, STAFF),
    ("scheduling:week_live", STAFF, STAFF),
    ("scheduling:sheet", STAFF, STAFF),
    ("scheduling:board", STAFF, STAFF),
    ("scheduling:board_live", STAFF, STAFF),
    ("scheduling:unconfirmed", BOOKING, BOOKING),
    ("scheduling:place", "login 400 400 403", "login 400 400 403"),
    ("scheduling:today_panel", BOOKING, BOOKING),
    ("scheduling:wanted_panel", BOOKING, BOOKING_NOT),
    ("scheduling:stock_forecast", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("scheduling:book", BOOKING, BOOKING),
    ("scheduling:new_patient", STAFF, STAFF),
    ("scheduling:find_patient", BOOKING_NOT, BOOKING),
    ("scheduling:visit", STAFF, STAFF),
    ("scheduling:step", BOOKING_NOT, "login 302 302 403"),
    ("scheduling:move", BOOKING, BOOKING),
    ("scheduling:cancel", BOOKING, BOOKING),
    ("scheduling:undo_cancel", BOOKING_NOT, "login 302 302 403"),
    ("scheduling:book_course", "login 302 302 403", "login 302 302 403"),
    ("scheduling:move_course", BOOKING, BOOKING),
    ("scheduling:cancel_course", BOOKING, BOOKING),
    ("scheduling:offer", BOOKING, BOOKING),
    ("scheduling:waiting", BOOKING, BOOKING),
    ("scheduling:add_to_list", "login 302 302 403", "login 302 302 403"),
    ("scheduling:edit_wish", BOOKING, BOOKING),
    ("scheduling:take_off_list", BOOKING_NOT, "login 302 302 403"),
    ("scheduling:offer_step", BOOKING_NOT, "login 302 302 403"),
    ("scheduling:answer_offer", EVERYBODY, EVERYBODY),
    ("scheduling:feeds", PRACTITIONER, "login 302 403 403"),
    ("scheduling:revoke_feed", PRACTITIONER_NOT, "login 302 403 403"),
    ("scheduling:feed", EVERYBODY, "405 405 405 405"),
    ("scheduling:tab", STAFF, STAFF),
    ("scheduling:settings", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:add_visit_type", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:edit_visit_type", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:retire_visit_type", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:add_room", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:edit_room", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:retire_room", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:hours", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:add_exception", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:add_closed_days", ADMINISTRATOR, ADMINISTRATOR),
    ("scheduling:remove_exception", ADMINISTRATOR, "login 403 403 302"),
    ("scheduling:stranded", STAFF, STAFF),
]

# Behind a link there is no account: without the link's own cookie nothing is there, for anybody
NOT_OPEN = "404 404 404 404"

LINKS = [
    ("links:open", "302 302 302 302", "405 405 405 405"),
    ("links:one_click", "302 302 302 302", EVERYBODY),
    ("links:page", NOT_OPEN, NOT_OPEN),
    ("links:confirm", NOT_OPEN, NOT_OPEN),
    ("links:cancel", NOT_OPEN, NOT_OPEN),
    ("links:move", NOT_OPEN, NOT_OPEN),
    ("links:calendar_file", NOT_OPEN, NOT_OPEN),
    ("links:read", NOT_OPEN, NOT_OPEN),
    ("links:taken", NOT_OPEN, NOT_OPEN),
    ("links:stop", NOT_OPEN, NOT_OPEN),
    ("links:visit_panel", STAFF, STAFF_NOT),
    ("links:new_link", BOOKING_NOT, "login 302 302 403"),
    ("links:patient_panel", STAFF, STAFF_NOT),
    ("links:address", BOOKING, BOOKING_NOT),
    ("links:replace", BOOKING_NOT, "login 302 302 403"),
    ("links:lift", STAFF_NOT, "login 302 302 302"),
    ("links:requests_panel", BOOKING, BOOKING_NOT),
    ("links:settle", BOOKING_NOT, "login 302 302 403"),
    ("links:told_panel", PRACTITIONER, PRACTITIONER_NOT),
    ("links:told", PRACTITIONER, "login 302 403 403"),
    ("links:settings", ADMINISTRATOR, ADMINISTRATOR),
]

REMINDERS = [
    ("reminders:outbox", STAFF, STAFF_NOT),
    ("reminders:failed_panel", STAFF, STAFF_NOT),
    ("reminders:sent_texts", PRACTITIONER, PRACTITIONER_NOT),
    # Closed while no provider is set up; what opens them is a signature, not a person
    ("reminders:email_report", "405 405 405 405", "404 404 404 404"),
    ("reminders:sms_report", "405 405 405 405", "404 404 404 404"),
    ("reminders:twilio_report", "405 405 405 405", "404 404 404 404"),
    ("reminders:tab", STAFF, STAFF_NOT),
    ("reminders:resend", DESK_NOT, "login 403 302 403"),
    ("reminders:told", DESK_NOT, "login 403 302 403"),
    ("reminders:decisions_panel", PRACTITIONER, PRACTITIONER_NOT),
    ("reminders:decide", PRACTITIONER, PRACTITIONER),
    ("reminders:rules", ADMINISTRATOR, ADMINISTRATOR_NOT),
    ("reminders:edit_rule", ADMINISTRATOR, ADMINISTRATOR),
    ("reminders:rule_effect", ADMINISTRATOR_NOT, ADMINISTRATOR),
    ("reminders:try_rule", ADMINISTRATOR, ADMINISTRATOR_NOT),
    ("reminders:visit_panel", STAFF, STAFF_NOT),
    ("reminders:session_panel", PRACTITIONER, PRACTITIONER_NOT),
    ("reminders:move_panel", STAFF, STAFF_NOT),
    ("reminders:edit_text", ADMINISTRATOR, ADMINISTRATOR),
    ("reminders:preview_text", ADMINISTRATOR_NOT, ADMINISTRATOR),
    ("reminders:restore_text", ADMINISTRATOR_NOT, "login 403 403 302"),
]

RECALL_PAGE = "login 200 403 200"
RECALL_PAGE_NOT = "login 405 403 405"
RECALLS = [
    ("recall:cases", RECALL_PAGE, RECALL_PAGE_NOT),
    ("recall:panel", RECALL_PAGE, RECALL_PAGE_NOT),
    ("recall:received", RECALL_PAGE, RECALL_PAGE_NOT),
    ("recall:export", "login 302 403 302", RECALL_PAGE_NOT),
    ("recall:open", RECALL_PAGE, RECALL_PAGE),
    ("recall:case", RECALL_PAGE, RECALL_PAGE_NOT),
    ("recall:take_in", RECALL_PAGE_NOT, "login 302 403 302"),
    ("recall:close", RECALL_PAGE, "login 302 403 302"),
    ("recall:texts", RECALL_PAGE, RECALL_PAGE_NOT),
    ("recall:edit_text", RECALL_PAGE, RECALL_PAGE),
    ("recall:entry", RECALL_PAGE, RECALL_PAGE),
    ("recall:told", RECALL_PAGE_NOT, "login 302 403 302"),
    ("recall:message", RECALL_PAGE, RECALL_PAGE),
]

CHARTING = [
    ("charting:tab", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:points", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:compare", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:start", PRACTITIONER_NOT, "login 302 403 403"),
    ("charting:unsigned_panel", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:session", "login 302 403 403", PRACTITIONER_NOT),
    ("charting:review", PRACTITIONER, PRACTITIONER),
    ("charting:chart", PRACTITIONER, PRACTITIONER),
    ("charting:save", PRACTITIONER, "login 400 403 403"),
    ("charting:sentence", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:phrases", CATALOGUE_READ, CATALOGUE_READ),
    ("charting:edit_phrase", CATALOGUE_READ, CATALOGUE_READ),
    ("charting:retire_phrase", CATALOGUE_READ, CATALOGUE_READ),
    ("charting:line", PRACTITIONER_NOT, "login 422 403 403"),
    ("charting:add_photo", PRACTITIONER_NOT, "login 422 403 403"),
    ("charting:photo", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:remove_photo", PRACTITIONER_NOT, "login 204 403 403"),
    ("charting:recipe", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:present", "login 204 403 403", PRACTITIONER_NOT),
    ("charting:sign", PRACTITIONER, PRACTITIONER),
    ("charting:labels", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:earlier", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:earlier_version", PRACTITIONER, PRACTITIONER),
    ("charting:to_cosign_panel", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:cosign", "login 302 403 403", "login 302 403 403"),
    ("charting:pdf", "login 302 403 403", PRACTITIONER_NOT),
    ("charting:new_plan", PRACTITIONER, PRACTITIONER),
    ("charting:plan", PRACTITIONER, PRACTITIONER_NOT),
    ("charting:edit_plan", PRACTITIONER, PRACTITIONER),
    ("charting:end_plan", PRACTITIONER, PRACTITIONER),
    ("charting:use_successor", PRACTITIONER_NOT, "login 302 403 403"),
    ("charting:choose_plan", PRACTITIONER_NOT, "login 302 403 403"),
    ("charting:safety_rules", CATALOGUE_READ, CATALOGUE_READ_NOT),
    ("charting:edit_safety_rule", ADMINISTRATOR, ADMINISTRATOR),
    ("charting:after", "login 302 403 403", "login 302 403 403"),
    ("charting:addendum", "login 302 403 403", "login 302 403 403"),
    ("charting:void", PRACTITIONER, PRACTITIONER),
]

# Add the rows of an app as a list of its own, and the list here
ROWS = [
    *CORE,
    *ACCOUNT,
    *STAFF_PAGES,
    *CATALOGUE,
    *STOCK,
    *REGISTRY,
    *HISTORY,
    *SCHEDULING,
    *LINKS,
    *REMINDERS,
    *RECALLS,
    *CHARTING,
]
