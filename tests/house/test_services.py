"""Every service leaves its event in the trail, takes keywords only, and says who did it."""

import inspect
from importlib import import_module
from pkgutil import walk_packages

import pytest
from django.apps import apps

from clinic.audit.services import record, record_each, recording

pytestmark = pytest.mark.once

OURS = ("clinic.", "patients.", "treatments.")
WRITERS = {"services", "hours", "courses", "waiting", "feeds", "against", "products", "plans", "vocabulary"}
WRITERS |= {"safety_settings", "settings_services", "undoing", "reviews", "closings", "phrases", "cosigning", "photos"}
# What stands in a services module without being an act, and why
NO_ACT = {
    "clinic.audit.services.record": "is the trail",
    "clinic.audit.services.record_each": "is the trail",
    "clinic.audit.services.recording": "is the trail",
    "clinic.audit.services.seal_events": "is the trail",
    "clinic.audit.services.seals_kept_outside": "reads",
    "clinic.audit.services.mac_of": "computes",
    "clinic.audit.services.chain": "computes",
    "clinic.staff.services.check_password_again": "part of the act it guards",
    "patients.history.vocabulary.check_name": "reads",
    "patients.registry.services.derived": "computes",
    "patients.registry.services.take_numbers": "part of registering and importing",
    "treatments.catalogue.exchange.services.keep_file": "nothing is in the catalogue before it is imported",
    "treatments.catalogue.exchange.services.open_file": "reads",
    "treatments.charting.safety_settings.load_safety_rules": "part of setting up",
    "treatments.charting.services.verify_signature": "reads",
    "treatments.charting.services.verify_addendum": "reads",
    "treatments.charting.cosigning.verify_cosignature": "reads",
    "treatments.links.services.address_of": "computes",
    "treatments.links.services.ready_links": "what goes out with a message is in the trail as the message",
    "treatments.links.services.sample_link": "computes",
    "treatments.links.services.token_for": "computes",
    "treatments.scheduling.services.orderly": "a decorator",
    "treatments.scheduling.services.check_booking": "reads",
    "treatments.scheduling.services.check_move": "reads",
    "treatments.scheduling.services.lock_resources": "part of booking",
    "treatments.scheduling.services.times_after_move": "reads",
    "treatments.scheduling.feeds.feed_ics": "reads",
    "treatments.scheduling.feeds.visit_ics": "reads",
    "treatments.scheduling.feeds.visit_attachment": "reads",
}


def modules_of(config) -> list:
    """The app's services, and those of a subject of their own."""
    names = (module.name for module in walk_packages(config.module.__path__, f"{config.name}."))
    return [import_module(name) for name in names if name.rpartition(".")[2] in WRITERS]


def services() -> dict:
    found = {}
    for config in apps.get_app_configs():
        for module in modules_of(config) if config.name.startswith(OURS) else ():
            for name, function in inspect.getmembers(module, callable):
                if getattr(function, "__module__", "") == module.__name__ and inspect.isroutine(function):
                    found[f"{module.__name__}.{name}"] = function
    return {name: function for name, function in found.items() if not name.rpartition(".")[2].startswith("_")}


def records(function, seen=frozenset()) -> bool:
    """Whether the function, or one of ours that it calls, calls `record`."""
    function = inspect.unwrap(function)
    if function in {record, record_each, recording}:
        return True
    if function in seen or not inspect.isfunction(function) or not function.__module__.startswith(OURS):
        return False
    names, around = names_in(function.__code__), function.__globals__
    known = [around[name] for name in names if name in around]
    known += [getattr(value, name) for value in known if inspect.ismodule(value) for name in names & vars(value).keys()]
    ours = [value for value in known if inspect.isclass(value) and value.__module__.startswith(OURS)]
    known += [method for value in ours for method in vars(value).values()]
    return any(records(value, seen | {function}) for value in known if inspect.isroutine(value))


def names_in(code) -> set[str]:
    inner = (constant for constant in code.co_consts if inspect.iscode(constant))
    return set(code.co_names).union(*(names_in(constant) for constant in inner))


SERVICES = services()
ACTS = sorted(SERVICES.keys() - NO_ACT.keys())


@pytest.mark.parametrize("name", ACTS)
def test_an_act_leaves_its_event(name):
    assert records(SERVICES[name]), "write the event, or say in NO_ACT why it is none"


@pytest.mark.parametrize("name", ACTS)
def test_an_act_takes_keywords_only_and_knows_who(name):
    parameters = inspect.signature(SERVICES[name]).parameters.values()
    kinds = {parameter.kind for parameter in parameters}
    assert kinds <= {inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}


def test_the_exemptions_exist():
    assert NO_ACT.keys() <= SERVICES.keys()


def test_the_walk_sees_an_act_that_forgets():
    def forgets(*, by):
        return by

    forgets.__module__ = "patients.registry.services"
    assert not records(forgets)
