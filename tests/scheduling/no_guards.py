"""gunicorn's configuration for the control: a house that asks whether the time is free, and then simply books."""

import time

ASKING_TAKES = 0.2  # seconds between the answer and the booking: two clerks' worst timing, made certain


def post_worker_init(worker):
    from treatments.scheduling import rules, services

    check = rules.check_free

    def ask(**place):
        check(**place)
        time.sleep(ASKING_TAKES)

    rules.check_free = ask
    services.lock_resources = lambda **resources: None
