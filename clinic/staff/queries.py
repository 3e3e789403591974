from clinic.staff.models import ClinicProfile, User


def clinic_profile() -> ClinicProfile:
    """The clinic's row, or a blank one before the first set-up."""
    return ClinicProfile.objects.filter(pk=1).first() or ClinicProfile(pk=1, name="Nappage", phone="")


def people():
    """The staff page: everybody, with their roles."""
    return User.objects.prefetch_related("role_assignments").order_by("-is_active", "full_name", "pk")


def practitioners():
    return User.objects.practitioners()
