import factory

from tests.factories.patients import LONG_AGO, PatientFactory
from tests.factories.people import PractitionerFactory
from tests.factories.treatments import LotFactory
from treatments.recall.models import RecallCase, RecallEntry, RecallText


class CaseFactory(factory.django.DjangoModelFactory):
    """An open case about a lot, with nobody in it yet."""

    class Meta:
        model = RecallCase
        skip_postgeneration_save = True

    kind = "lot"
    row_id = factory.LazyFunction(lambda: LotFactory().pk)
    title = "Lidocaine, lot L1"
    reason = "Recalled by the maker"
    tell = "Call us if the skin is red."
    opened_by = factory.SubFactory(PractitionerFactory)
    opened_at = LONG_AGO

    @factory.post_generation
    def texts(self, create, extracted, **kwargs):
        RecallText.objects.create(
            case=self, language="en", channel="email", subject="Please call {clinic}", body="Hello {name}\n{tell}"
        )
        RecallText.objects.create(case=self, language="en", channel="sms", body="{clinic}: please call {phone}")


class EntryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RecallEntry

    case = factory.SubFactory(CaseFactory)
    patient = factory.SubFactory(PatientFactory)
    found_at = LONG_AGO
