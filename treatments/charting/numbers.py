"""The number of a mixture, as on its label: "M-1042-02-K".

It is the session's row number, the how-manyth syringe of that session it was, and a check character (ISO/IEC 7064
MOD 37,36, over letters and digits) that notices a wrong character and nearly every swap of two neighbours. A
syringe's place is given out once: whoever takes a syringe out of a draft and draws up another gets the next
number, because the label of the first may be on a tray somewhere. Nothing in it comes from the patient.
"""

import re

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_PLACES = 999
_NUMBER = re.compile(r"M-(?P<session>[1-9][0-9]{0,14})-(?P<place>[0-9]{2,3})-[0-9A-Z]", re.ASCII)


def mixture_number(session_id: int, place: int) -> str:
    body = f"M-{session_id}-{place:02d}"
    return f"{body}-{check_character(body)}"


def is_mixture_number(text: str) -> bool:
    """Whether the text is a whole number with the right check character."""
    return bool(_NUMBER.fullmatch(text)) and check_character(text[:-2]) == text[-1]


def check_character(body: str) -> str:
    check = 36
    for character in body.replace("-", ""):
        check = (check + CHARACTERS.index(character)) % 36 or 36
        check = check * 2 % 37
    return CHARACTERS[(37 - check) % 36]


def place_of(syringe_id: str) -> int:
    """The place in the id of a draft's syringe: 2 of "p2"."""
    return int(syringe_id[1:])
