import factory

from clinic.staff.models import RoleAssignment, User
from clinic.staff.permissions import Role

PASSWORD = "a long enough passphrase"


class UserFactory(factory.django.DjangoModelFactory):
    """A member of staff; `roles` are given after the person exists."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    full_name = factory.Faker("name")
    email = factory.Sequence(lambda n: f"person{n}@clinic.example")
    qualification = "MD"
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def roles(self, create, extracted, **kwargs):
        for role in extracted or ():
            RoleAssignment.objects.create(user=self, role=role)


class PractitionerFactory(UserFactory):
    roles = factory.PostGeneration(lambda user, *args, **kwargs: _grant(user, Role.PRACTITIONER))


class FrontDeskFactory(UserFactory):
    roles = factory.PostGeneration(lambda user, *args, **kwargs: _grant(user, Role.FRONT_DESK))


class AdministratorFactory(UserFactory):
    roles = factory.PostGeneration(lambda user, *args, **kwargs: _grant(user, Role.ADMINISTRATOR))


def _grant(user, role):
    RoleAssignment.objects.create(user=user, role=role)
