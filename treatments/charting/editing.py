"""Small changes of what a draft holds (shape: `draft`): an entry more, an entry less. Nothing is written."""

from treatments.charting.draft import place_of


def drawn_up(content: dict) -> int:
    """How many syringes were drawn up so far. Older drafts do not count them: there it is the last one's place."""
    return max([content.get("drawn_up", 0), *(place_of(entry["id"]) for entry in content.get("preparations", []))])


def added_syringe(content: dict, entry: dict) -> dict:
    """The content with one more preparation, at a place that none had before."""
    place = drawn_up(content) + 1
    preparations = [*content.get("preparations", []), {"id": f"p{place}", **entry}]
    return content | {"preparations": preparations, "drawn_up": place}


def added_group(content: dict, entry: dict) -> dict:
    """The content with one more group of injections."""
    groups = content.get("injections", [])
    used = {group.get("id") for group in groups}
    name = next(name for n in range(1, len(used) + 2) if (name := f"i{n}") not in used)
    return content | {"injections": [*groups, {"id": name, **entry}]}


def removed(content: dict, kind: str, entry_id: str) -> dict:
    """The content without one entry; with a preparation go the injections made from it."""
    rest = content | {kind: [entry for entry in content.get(kind, []) if entry.get("id") != entry_id]}
    if kind == "preparations":
        rest["injections"] = [i for i in content.get("injections", []) if i.get("preparation") != entry_id]
    return rest
