"""A small catalogue that knows everything once, and clinics to carry it to and fro."""

from datetime import UTC, datetime
from decimal import Decimal

from clinic.core import guards
from patients.history.models import Allergen, Condition
from tests.factories.people import PractitionerFactory
from treatments.catalogue.exchange import services
from treatments.catalogue.exchange.enums import Flow
from treatments.catalogue.exchange.layout import KIND_OF
from treatments.catalogue.exchange.yamltext import Broken
from treatments.catalogue.models import (
    Area,
    ExchangeFile,
    Formulation,
    FormulationVersion,
    Incompatibility,
    Indication,
    Ingredient,
    IngredientAllergen,
    IngredientClass,
    IngredientCondition,
    KnownKey,
    MixingRules,
    Product,
    RecipeLine,
    Technique,
)

WHEN = datetime(2026, 1, 2, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 3, 4, 9, 30, 5, 123456, tzinfo=UTC)
SOURCE = "https://example.org/label?id=1&x=2"
TABLES = [*KIND_OF, ExchangeFile, KnownKey]


def write_catalogue(*, name: str = "Thigh mix", note: str = "As on the label.", person=None) -> Formulation:
    """One row of every kind and more, every field of each in use somewhere; the formulation has three versions."""
    person = person or PractitionerFactory(full_name="Dr Ana Ruiz")
    soy = Allergen.objects.create(key="soy", name="Soy", synonyms=["soya", "no", "1e2"], sources=[SOURCE])
    epilepsy = Condition.objects.create(
        key="epilepsy", name="Epilepsy", code="84757009", question="Any fits?", effect="wait", wait_days=30
    )
    leg = Area.objects.create(key="leg", name="Leg", laterality="sided", diagrams=["body_front", "body_back"])
    thigh = Area.objects.create(key="thigh", name="Thigh", laterality="sided", parent=leg, region_code="0068367000")
    cellulite = Indication.objects.create(
        key="cellulite", name=name, code="L98.8", evidence="one trial: weak", outcome_scales=["photo", "2026-01-02"]
    )
    cellulite.areas.set([thigh])
    papule = Technique.objects.create(
        key="papule", name="Papule", depth_min_mm=Decimal("1.5"), depth_max_mm=4, needle="30G", volume_max_ml="0.05"
    )
    kind = IngredientClass.objects.create(key="anaesthetics", name="Anaesthetics", code="ANA", flags=["allergy"])
    off = IngredientClass.objects.create(key="hormones", name="Hormones", code="HOR", enabled=False)
    lidocaine = Ingredient.objects.create(
        key="lidocaine",
        name="Lidocaine: plain",
        ingredient_class=kind,
        unit="mg",
        vehicle="aqueous",
        salt_or_base="hydrochloride",
        base_fraction=Decimal("0.8654"),
        opened_shelf_life_hours=0,
        limits=[{"per": "session", "max": "200", "unit": "mg", "note": "", "source": SOURCE}],
        legal=[{"decided_on": "2026-01-02", "country": "NO", "status": "no", "decided_by": "Dr Ana Ruiz"}],
        note=note,
        before_care="Eat first.\n\n- no alcohol\n  # none",
        sources=[SOURCE],
    )
    saline = Ingredient.objects.create(key="saline", name="Saline", ingredient_class=kind, unit="mL", vehicle="aqueous")
    oil = Ingredient.objects.create(
        key="oil", name="Oil", ingredient_class=off, unit="IU", vehicle="oil", retired_at=LATER, retire_reason="Never."
    )
    product = Product.objects.create(
        name="Lidocaine 1%",
        maker="Maker's & Co",
        ingredient=lidocaine,
        concentration=10,
        gtin="00012345678905",
        price=0,
    )
    product.licensed_areas.set([thigh, leg])
    Product.objects.create(name="Twin", ingredient=saline)
    Product.objects.create(name="Twin", ingredient=saline)
    IngredientAllergen.objects.create(
        key="lidocaine_soy", ingredient=lidocaine, allergen=soy, effect="stop", sources=[SOURCE], contested=True
    )
    IngredientCondition.objects.create(key="x1", ingredient=lidocaine, condition=epilepsy, effect="reason", note="“?”")
    Incompatibility.objects.create(key="pair", first=lidocaine, second=oil, diluent=saline, effect="note")
    Incompatibility.objects.create(
        key="pair2", first=saline, second=lidocaine, effect="note", retired_at=WHEN, retire_reason="Tested."
    )
    MixingRules.objects.create(pk=1, most_ingredients=4, too_many="reason")
    formulation = Formulation.objects.create(name=name, purpose="Cellulite", after_care="Walk: 20 min.")
    formulation.areas.set([thigh])
    formulation.techniques.set([papule])
    formulation.indications.set([cellulite])
    for number, status in [(1, "retired"), (2, "approved"), (3, "draft")]:
        write_version(formulation, number, status, [(lidocaine, 10 * number), (saline, None)], person)
    return formulation


def write_version(formulation, number, status, lines, person, **values):
    version = FormulationVersion.objects.create(
        formulation=formulation,
        number=number,
        total_volume_ml=Decimal("2.5") * len(lines),
        created_by=person,
        created_at=WHEN,
        notes="Draw up\nslowly.",
    )
    for position, (ingredient, concentration) in enumerate(lines):
        RecipeLine.objects.create(
            version=version, position=position * 2, ingredient=ingredient, concentration=concentration, volume_ml="2.5"
        )
    if status != "draft":
        values |= {"status": status, "approved_by": person, "approved_at": WHEN}
    if status == "retired":
        values |= {"retired_at": LATER, "retire_reason": "Replaced: “1”."}
    FormulationVersion.objects.filter(pk=version.pk).update(**values) if values else None
    return version


def empty_clinic() -> None:
    """Nothing but the people is left."""
    guards.remove_triggers()
    Area.objects.update(parent=None)
    for model in (ExchangeFile, KnownKey, RecipeLine, FormulationVersion, *reversed(KIND_OF)):
        model._default_manager.all().delete()
    guards.install()


def rows_here() -> list[int]:
    return [model._default_manager.count() for model in TABLES]


def restore(content: bytes, by) -> None:
    services.import_file(upload=services.open_file(content), flow=Flow.RESTORE, by=by)


def problems_of(content: bytes, by, flow=None) -> list[tuple[int, str]]:
    """What is said against a file, with lines; nothing of it may have been stored."""
    before = rows_here()
    try:
        upload = services.open_file(content)
        services.import_file(upload=upload, flow=flow or upload.flows()[0], taken=None, by=by)
    except Broken as broken:
        assert rows_here() == before
        return [(problem.line, problem.message) for problem in broken.problems]
    return []
