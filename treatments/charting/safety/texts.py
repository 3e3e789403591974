"""What each safety rule is called and what it asks, in the order of asking: for the page that keeps the rules."""

from django.utils.translation import gettext_lazy as _

TEXTS = {
    "version": (_("Recipe approved"), _("Only an approved recipe is drawn up. This cannot be overridden.")),
    "lot": (_("Lot usable"), _("Every lot is in date, not in quarantine and on the shelf. This cannot be overridden.")),
    "allergen": (
        _("Allergies against ingredients"),
        _("Each ingredient of each syringe against the patient's allergies and their families."),
    ),
    "allergy_in_words": (
        _("Allergies in the patient's own words"),
        _("An allergy that nobody has matched with the list cannot be checked against recipes."),
    ),
    "allergy_material": (
        _("Allergies to what touches the skin"),
        _("Latex, steel, iodine and the like: gloves, needles and skin preparation are chosen without them."),
    ),
    "condition": (
        _("Conditions and age"),
        _("What the list of conditions says for any treatment: stop, a reason, or a wait until a day."),
    ),
    "pregnancy": (_("Pregnancy and breast-feeding"), _("As the list of conditions says.")),
    "ingredient_condition": (
        _("Conditions against ingredients"),
        _("Each ingredient against the patient's conditions, age, pregnancy and blood thinners."),
    ),
    "not_asked": (
        _("Questions never asked"),
        _("Allergies, conditions, medicines and pregnancy: not asked is not the same as none."),
    ),
    "medicine": (
        _("Medicines that nobody has found out, or that raise bleeding"),
        _("What the patient takes today; prescribed medicines are never stopped by the clinic."),
    ),
    "bleeding": (
        _("Ingredients that raise bleeding, with a blood thinner"),
        _("An ingredient marked so, in a patient who takes a medicine that does the same."),
    ),
    "interval_ingredient": (
        _("Days since the same ingredient"),
        _("The fewest days that an ingredient's limits give, since it was last injected anywhere."),
    ),
    "interval_area": (
        _("Days since the same area"),
        _("The clinic's own fewest days between two sessions in one area, its parts and what it is part of."),
    ),
    "dose_session": (
        _("Dose a session"),
        _("An ingredient summed over all syringes and sessions of the day, against its limit for a session."),
    ),
    "dose_area": (
        _("Dose an area"),
        _("An ingredient summed over the day in one area and side, against its limit for an area."),
    ),
    "dose_point": (_("Dose a point"), _("An ingredient in one point, against its limit for a point.")),
    "dose_drawn": (
        _("Dose drawn up"),
        _("What the syringes hold is more than a session's limit, if all of it were injected."),
    ),
    "volume_session": (_("Volume a session"), _("The clinic's own most mL in one day.")),
    "volume_area": (_("Volume an area"), _("The clinic's own most mL in one area and side in one day.")),
    "volume_point": (_("Volume a point"), _("The clinic's own most mL in one point.")),
    "technique_volume": (
        _("Usual volume of a technique"),
        _("The volume of a point against the range that the technique's sources give."),
    ),
    "technique_depth": (
        _("Usual depth of a technique"),
        _("The depth against the range that the technique's sources give."),
    ),
    "licensed": (
        _("Product licensed for the area"),
        _("The area against those that the chosen lot's product is licensed for, where a source says."),
    ),
    "suitable": (
        _("Recipe suitable for area and technique"),
        _("The areas and techniques that the clinic's recipe is meant for."),
    ),
    "ingredient": (
        _("Ingredient still in use"),
        _("An ingredient that was retired, or whose class was turned off, after the recipe was approved."),
    ),
    "mixing": (
        _("Ingredients that do not belong together"),
        _("Pairs on record in one syringe; with the reason that was given when the recipe was approved."),
    ),
    "consultation": (
        _("Consultation done"),
        _("Where a kind of visit needs a consultation before it."),
    ),
}
