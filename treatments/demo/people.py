"""Who works and who comes in the demo clinic. Nobody here exists."""

from datetime import date

from clinic.staff.permissions import Role

PASSWORD = "warm paper and even ink"  # noqa: S105 -- printed at every start; refused outside demo installations

CLINIC = {
    "name": "Clínica Aurora",
    "address": "Calle Mayor 12, 28013 Madrid",
    "phone": "+34 910 555 012",
    "email": "hello@aurora.example",
    "time_zone": "Europe/Madrid",
    "language": "en",
    "country": "ES",
}

STAFF = {
    "ana": ("ana@aurora.example", "Dr Ana Ruiz", "MD, aesthetic medicine", "#0f6b6b", [Role.PRACTITIONER]),
    "jonas": ("jonas@aurora.example", "Dr Jonas Weber", "MD, dermatology", "#7a4b00", [Role.PRACTITIONER]),
    "marta": ("marta@aurora.example", "Marta Gil", "", "#1f4f82", [Role.FRONT_DESK]),
    "luis": ("luis@aurora.example", "Luis Vega", "", "#1d5f3a", [Role.ADMINISTRATOR]),
}

# given name, family name, birth date, sex, mobile, language; e-mail is made from the name
PATIENTS = [
    ("Carmen", "Ibáñez Soler", date(1979, 5, 14), "female", "+34600111201", "es"),
    ("Sofía", "Nuñez-Ó", date(1988, 11, 2), "female", "+34600111202", "es"),
    ("Łukasz", "Kowalski", date(1984, 2, 29), "male", "+48600111203", "en"),
    ("Amélie", "Lefèvre", date(1992, 7, 21), "female", "+33600111204", "fr"),
    ("Jürgen", "Straßer", date(1966, 1, 9), "male", "+491700111205", "de"),
    ("Nguyễn", "Thị Mai", date(1990, 3, 30), "female", "+34600111206", "en"),
    ("Rosa", "D’Angelo", date(1957, 9, 18), "female", "+34600111207", "es"),
    ("Patricia", "O'Brien", date(1973, 12, 5), "female", "+353870111208", "en"),
    ("Inés", "Carrasco Vidal", date(1995, 6, 11), "female", "+34600111209", "es"),
    ("Marcos", "Pardo", date(1981, 4, 4), "male", "+34600111210", "es"),
    ("Elena", "Petrova", date(1986, 8, 27), "female", "+34600111211", "en"),
    ("Beatriz", "Montero Gálvez", date(1969, 10, 13), "female", "+34600111212", "es"),
    ("Chloé", "Dubois", date(1999, 2, 8), "female", "+33600111213", "fr"),
    ("Hannah", "Schäfer", date(1977, 5, 25), "female", "+491700111214", "de"),
    ("Tomás", "Ferrer", date(1962, 7, 3), "male", "+34600111215", "es"),
    ("Lucía", "Ortega Marín", date(1993, 1, 19), "female", "+34600111216", "es"),
    ("Grace", "Adeyemi", date(1985, 9, 9), "female", "+447700900117", "en"),
    ("Victoria", "Salazar-Echevarría de la Torre y Mendoza", date(1971, 3, 12), "female", "+34600111218", "es"),
    ("Pilar", "Romero", date(1948, 12, 24), "female", "+34600111219", "es"),
    ("Óscar", "Núñez", date(1980, 6, 6), "male", "+34600111220", "es"),
    ("Mireia", "Puig", date(1991, 11, 30), "female", "+34600111221", "es"),
    ("Dana", "Ionescu", date(1987, 4, 22), "female", "+34600111222", "en"),
    ("Teresa", "Vidal", date(1975, 8, 15), "female", "+34600111223", "es"),
    ("Björn", "Ek", date(1983, 10, 1), "male", "+46701740624", "en"),
]
