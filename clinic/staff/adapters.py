from allauth.account.adapter import DefaultAccountAdapter


class StaffAccountAdapter(DefaultAccountAdapter):
    """Nobody signs up: administrators invite the clinic's people."""

    def is_open_for_signup(self, request):
        return False
