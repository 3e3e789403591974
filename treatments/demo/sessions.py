"""What the demo's practitioners chart: a map and a note for each of their recipes.

Points are fractions of the diagram's width and height, inside the region that is named.
"""

from treatments.catalogue.models import FormulationVersion
from treatments.charting.gates import start_of
from treatments.charting.queries import draft_of
from treatments.charting.reviews import review_session
from treatments.charting.safety import answers_for_draft


def grid(diagram: str, area: str, side: str, columns: list[float], rows: list[float]) -> dict:
    return {
        "diagram": diagram,
        "area": area,
        "side": side,
        "points": [[x, y] for y in rows for x in columns],
    }


GRIDS = {
    "cheek left": grid("face_front", "cheek", "left", [0.629, 0.687, 0.745], [0.556, 0.604]),
    "cheek right": grid("face_front", "cheek", "right", [0.255, 0.313, 0.371], [0.556, 0.604]),
    "forehead": grid("face_front", "forehead", "none", [0.347, 0.414, 0.48, 0.547, 0.613], [0.28]),
    "thigh left": grid("body_front", "thigh_front", "left", [0.579, 0.609, 0.638], [0.513, 0.526, 0.539]),
    "thigh right": grid("body_front", "thigh_front", "right", [0.347, 0.377, 0.406], [0.513, 0.526, 0.539]),
    "buttock left": grid("body_back", "buttock", "left", [0.387, 0.424], [0.466, 0.483, 0.5]),
    "buttock right": grid("body_back", "buttock", "right", [0.557, 0.594], [0.466, 0.483, 0.5]),
    "scalp front": grid("scalp_top", "scalp_frontal", "none", [0.41, 0.452, 0.494, 0.535, 0.577], [0.308]),
    "scalp top": grid("scalp_top", "scalp_vertex", "none", [0.371, 0.451, 0.53, 0.61], [0.436, 0.509]),
}

# recipe: indication, technique, depth in mm, volume a point in mL, regions, note
CHARTS = {
    "Face revitaliser": (
        "wrinkles",
        "papule",
        "1.5",
        "0.05",
        ["cheek left", "cheek right", "forehead"],
        "Fine lines on both cheeks and the forehead. Small papules, gone within the hour.",
    ),
    "Thigh cellulite mix": (
        "cellulite",
        "point_by_point",
        "6",
        "0.1",
        ["thigh left", "thigh right", "buttock left", "buttock right"],
        "Grid of 1 cm on both sides, patient standing for the marking. No pain beyond the pricks.",
    ),
    "Scalp density": (
        "alopecia",
        "nappage",
        "3",
        "0.05",
        ["scalp front", "scalp top"],
        "Parting and crown. Scalp was clean and calm; slight bleeding at two points stopped by pressure.",
    ),
    "Even tone": (
        "pigmentation",
        "papule",
        "1.5",
        "0.05",
        ["cheek left", "cheek right"],
        "Darker patches over the cheekbones, photographed before. Sun protection explained again.",
    ),
}


FINDINGS = {
    "device": "hand",
    "anaesthesia": "cold",
    "erythema": "1",
    "oedema": "0",
    "bruising": "0",
    "pain": "2",
    "tolerance": "good",
    "reaction": "none",
}

# Why the demo's practitioners go on where a safety rule asks them
GONE_ON = {
    "stop": "Talked through with the patient and a colleague; half of the usual number of points, watched for an hour.",
    "reason": "Known and unchanged since the consultation; agreed with the patient.",
    "wait": "Healed earlier than expected: looked at today, nothing left to see.",
}


def with_reasons(content: dict, session) -> dict:
    """The draft with a reason beside every safety rule that asks for one."""
    told = answers_for_draft(content, session)
    return content | {"reasons": {answer.key: GONE_ON[answer.effect] for answer in told if answer.needs_reason}}


def review(session, by, at=None) -> int:
    """Asks what is asked before a session, with a reason for every gap; gives the version that the draft has then."""
    reasons = {gap.key: GONE_ON[gap.tone] for gap in start_of(session, at).gaps}
    review_session(session_id=session.pk, nsaid="no", reasons=reasons, by=by, at=at)
    return draft_of(session.pk, by).version


def content_for(version: FormulationVersion, lots: dict[int, int]) -> dict:
    """The draft of a whole session with one syringe; `lots` says which lot is open for an ingredient's id."""
    indication, technique, depth, volume, regions, note = CHARTS[version.formulation.name]
    return {
        "indication": indication,
        "note": note,
        "findings": FINDINGS,
        "reactions": "Slight redness, no bruising.",
        "advice": "No make-up or sport until tomorrow; ring us if redness spreads or a lump appears.",
        "preparations": [
            {
                "id": "p1",
                "version_id": version.pk,
                "volume_ml": "5",
                "variation": "",
                "variation_reason": "",
                "lots": {str(line.pk): lots[line.ingredient_id] for line in version.lines.all()},
            }
        ],
        "injections": [
            {
                "id": f"i{number}",
                "preparation": "p1",
                "technique": technique,
                "needle": "30 G, 4 mm",
                "depth_mm": depth,
                "volume_ml": volume,
                **GRIDS[region],
            }
            for number, region in enumerate(regions, 1)
        ],
    }
