"""What each field of each model is: who the patient is, what was found and done, or neither.

Clinical fields are for practitioners alone; tests/house/test_canary.py puts a secret into each that holds text, and
looks for it wherever others may look. A new field needs its place here. Reference rows are neither: an ingredient
is no secret. That this patient got it is, so the rows that join the two are clinical.
"""

IDENTIFYING, CLINICAL, NEITHER = "identifying", "clinical", "neither"

TERM = "key name note sources retired_at retire_reason"
RULE = "key effect note contested sources retired_at retire_reason"
STATEMENT = "note recorded_by recorded_at voided_at voided_by void_reason"

CLASSES = {
    "audit.AuditEvent": {
        IDENTIFYING: "patient_id",
        NEITHER: "at actor_id actor_roles action subject_type subject_id fields request_id address mac",
    },
    "audit.AuditSeal": {NEITHER: "at first_id last_id count digest"},
    "staff.User": {
        NEITHER: "password last_login email full_name qualification colour language needs_cosignature is_active "
        "is_demo date_joined"
    },
    "staff.RoleAssignment": {NEITHER: "user role granted_by granted_at"},
    "staff.ClinicProfile": {
        NEITHER: "name address phone email time_zone language country emergency_number quiet_from quiet_until"
    },
    "registry.Patient": {
        IDENTIFYING: "number given_name family_name birth_date sex phone email channel may_message clinical_words "
        "language "
        "desk_note search_key phone_digits import_key refused_email refused_phone",
        NEITHER: "submission created_by created_at version",
    },
    "registry.NumberCounter": {NEITHER: "last"},
    "registry.PatientImport": {
        IDENTIFYING: "content rows errors",
        NEITHER: "file_name digest encoding delimiter header mapping day_order status total done added known "
        "error_count attempt touched_at created_by created_at finished_at",
    },
    "history.Allergen": {NEITHER: f"{TERM} kind synonyms"},
    "history.Condition": {NEITHER: f"{TERM} code question effect wait_days contested"},
    "history.Medicine": {NEITHER: f"{TERM} group brands stop_days never_auto_stop bleeding_risk otc contested"},
    "history.Product": {NEITHER: f"{TERM} ambiguous ask country contains"},
    "history.PatientAllergy": {IDENTIFYING: "patient", CLINICAL: f"{STATEMENT} allergen as_told severity reaction"},
    "history.PatientCondition": {IDENTIFYING: "patient", CLINICAL: f"{STATEMENT} condition since until"},
    "history.PatientMedicine": {
        IDENTIFYING: "patient",
        CLINICAL: f"{STATEMENT} medicine product as_told source purpose dose since stopped_on",
    },
    "history.NoneKnown": {IDENTIFYING: "patient", CLINICAL: f"{STATEMENT} topic"},
    "history.PregnancyAnswer": {IDENTIFYING: "patient", CLINICAL: f"{STATEMENT} state"},
    "catalogue.Area": {
        NEITHER: f"{TERM} parent laterality diagrams region_code skin_code left_code right_code treatable contested"
    },
    "catalogue.Indication": {NEITHER: f"{TERM} code evidence outcome_scales contested areas"},
    "catalogue.Technique": {
        NEITHER: f"{TERM} depth_min_mm depth_max_mm needle angle spacing_min_mm spacing_max_mm volume_min_ml "
        "volume_max_ml contested"
    },
    "catalogue.IngredientClass": {NEITHER: f"{TERM} code flags enabled"},
    "catalogue.Ingredient": {
        NEITHER: f"{TERM} ingredient_class unit vehicle bleeding_risk typical_concentration salt_or_base storage "
        "opened_shelf_life_hours limits legal evidence contested cold_chain base_fraction before_care "
        "after_care allergens"
    },
    "catalogue.Product": {
        NEITHER: "key retired_at retire_reason name maker ingredient concentration container_ml gtin price "
        "opened_shelf_life_hours minimum_ml sources licensed_areas"
    },
    "catalogue.IngredientAllergen": {NEITHER: f"{RULE} ingredient allergen"},
    "catalogue.IngredientCondition": {NEITHER: f"{RULE} ingredient condition"},
    "catalogue.Incompatibility": {NEITHER: f"{RULE} first second diluent"},
    "catalogue.MixingRules": {NEITHER: "most_ingredients too_many"},
    "catalogue.Formulation": {
        NEITHER: "retired_at retire_reason name purpose before_care after_care areas techniques indications"
    },
    "catalogue.FormulationVersion": {
        NEITHER: "formulation number status total_volume_ml notes change_note mix_reason created_by created_elsewhere "
        "created_at approved_by approved_elsewhere approved_at retired_at retire_reason edits"
    },
    "catalogue.ExchangeFile": {NEITHER: "file_name content uploaded_by uploaded_at imported_at"},
    "catalogue.KnownKey": {NEITHER: "retired_at retire_reason public_key name named_by named_at"},
    "catalogue.RecipeLine": {NEITHER: "version position ingredient concentration volume_ml"},
    "stock.Lot": {
        NEITHER: "retired_at retire_reason ingredient number expires_on supplier product_name received_on received_by "
        "quarantined quarantine_reason product invoice_number location photo balance_ml opened_at open_until"
    },
    "stock.Movement": {CLINICAL: "session_id", NEITHER: "lot kind volume_ml at by reason what submission"},
    "stock.StockSettings": {NEITHER: "warn_days"},
    "charting.TreatmentPlan": {
        IDENTIFYING: "patient",
        CLINICAL: "indication version areas weeks status made_by made_at edits ended_by ended_at stop_reason",
    },
    "charting.TreatmentSession": {
        IDENTIFYING: "patient",
        CLINICAL: "practitioner status started_at plan review copied_from indication findings note reactions advice "
        "signed_at "
        "signed_by signed_name signed_role content_hash signature cosignature_needed voided_at voided_by void_reason",
    },
    "charting.SessionDraft": {CLINICAL: "session version content saved_at", NEITHER: "save_id"},
    "charting.DraftVersion": {CLINICAL: "session version content saved_at"},
    "charting.SessionPhoto": {CLINICAL: "session file sha256 width height added_by added_at"},
    "charting.CoSignature": {CLINICAL: "session kind text by by_name by_role at signature submission"},
    "charting.CloseOut": {CLINICAL: "session care next_visit next_from closed_by closed_at submission"},
    "charting.Snippet": {NEITHER: "retired_at retire_reason code text"},
    "charting.Preparation": {CLINICAL: "session position version volume_ml variation variation_reason number drawn_at"},
    "charting.PreparationLot": {CLINICAL: "preparation line lot volume_ml"},
    "charting.SafetyRule": {NEITHER: "key effect value sources changed_by changed_at why"},
    "charting.SafetyAnswer": {CLINICAL: "session rule about effect message sources reason"},
    "charting.Injection": {
        CLINICAL: "session preparation area side diagram technique needle depth_mm volume_ml count points spacing_mm"
    },
    "charting.Addendum": {CLINICAL: "session text written_by written_name written_at signature submission"},
    "scheduling.VisitType": {
        NEITHER: "retired_at retire_reason name kind minutes minutes_before minutes_after consultation_within_days "
        "days_between room_kind practitioners colour"
    },
    "scheduling.Room": {NEITHER: "retired_at retire_reason name kind"},
    "scheduling.HoursException": {NEITHER: "practitioner first_day last_day starts ends note"},
    "scheduling.Course": {IDENTIFYING: "patient", NEITHER: "submission created_by created_at"},
    "scheduling.WaitingEntry": {
        IDENTIFYING: "patient note",
        NEITHER: "visit_type practitioner from_day until_day parts priority status appointment created_by created_at",
    },
    "scheduling.SlotOffer": {
        NEITHER: "entry practitioner room starts_at nonce token_digest status expires_at answered_at told_at "
        "offered_by "
        "offered_at"
    },
    "scheduling.CalendarFeed": {NEITHER: "practitioner busy_only nonce token_digest created_at revoked_at"},
    "links.PatientLink": {
        IDENTIFYING: "patient",
        CLINICAL: "session",
        NEITHER: "purpose appointment channel topic starts_at key seed token_digest issued_by issued_at expires_at "
        "tries locked_at opened_at answer answered_at closed_at",
    },
    "links.MoveRequest": {NEITHER: "link appointment starts_at when parts asked_at settled_at settled_by"},
    "links.MedicinesTold": {
        IDENTIFYING: "patient",
        CLINICAL: "link appointment none_taken told_at reviewed_by reviewed_at",
    },
    "links.ToldMedicine": {CLINICAL: "told name last_taken source"},
    "links.MessageStop": {
        IDENTIFYING: "patient",
        NEITHER: "channel topic stopped_at stopped_by resumed_at resumed_by",
    },
    "links.LinkSettings": {NEITHER: "may_cancel cancel_hours cancel_note"},
    "scheduling.WorkingHours": {NEITHER: "practitioner weekday starts ends"},
    "scheduling.Appointment": {
        IDENTIFYING: "patient",
        CLINICAL: "override_reason session",
        NEITHER: "practitioner room visit_type starts_at ends_at busy_from busy_until status cancel_reason course "
        "submission version booked_by booked_at",
    },
    "scheduling.AppointmentChange": {NEITHER: "appointment status starts_at changed_by changed_at"},
    "reminders.ReminderRule": {
        NEITHER: "retired_at retire_reason key name trigger offset unit send_at visit_kinds "
        "visit_types areas indications ingredients medicine_groups medicine_sources window_days channel fallback "
        "if_late languages "
        "text_kind active in_use_since sources"
    },
    "reminders.MessageText": {NEITHER: "kind language channel subject body version"},
    "reminders.TextVersion": {NEITHER: "message_text version subject body saved_by saved_at"},
    "reminders.Reminder": {
        IDENTIFYING: "patient",
        CLINICAL: "text_kind text",
        NEITHER: "appointment session rule channel starts_at turn due_at status attempts resends next_try_at "
        "claimed_at sent_at "
        "message_id provider_answer report reported_at why sms_parts message_text text_version",
    },
    "reminders.Attempt": {NEITHER: "reminder resend began_at ended_at outcome answer provider_id"},
    "reminders.MedicineDecision": {
        IDENTIFYING: "patient",
        CLINICAL: "appointment medicine starts_at decision note prescriber pause_from pause_until decided_by "
        "decided_at "
        "opened_at replaced_at",
    },
    "recall.RecallCase": {
        NEITHER: "kind row_id title reason tell opened_by opened_at closed_by closed_at close_reason seen_until"
    },
    "recall.RecallEntry": {IDENTIFYING: "patient", CLINICAL: "case status late found_at version"},
    "recall.RecallStep": {CLINICAL: "entry status way note by at"},
    "recall.RecallText": {NEITHER: "case language channel subject body version"},
    "recall.RecallMessage": {
        CLINICAL: "entry channel subject text state sent_by at",
        NEITHER: "submission provider_answer",
    },
    "reminders.Heartbeat": {NEITHER: "name at"},
}


def classes_of(model: str, field: str) -> list[str]:
    """The classes in which the field stands: it should be one."""
    return [kind for kind, names in CLASSES.get(model, {}).items() if field in names.split()]
