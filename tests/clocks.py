"""Four zones and four days each on which their clocks change, for what has to stay right on the wall.

An hour forward and back (Madrid), the same in the west (New York), half an hour (Lord Howe), none but three quarters
off the hour (Kathmandu, whose days are ordinary ones, a leap day among them).
"""

from datetime import date

CHANGES = {
    "Europe/Madrid": [date(2027, 3, 28), date(2027, 10, 31), date(2028, 3, 26), date(2028, 10, 29)],
    "America/New_York": [date(2027, 3, 14), date(2027, 11, 7), date(2028, 3, 12), date(2028, 11, 5)],
    "Australia/Lord_Howe": [date(2027, 4, 4), date(2027, 10, 3), date(2028, 4, 2), date(2028, 10, 1)],
    "Asia/Kathmandu": [date(2027, 3, 28), date(2027, 10, 31), date(2028, 2, 29), date(2028, 10, 29)],
}
DAYS = [(zone, day) for zone, days in CHANGES.items() for day in days]
HOURS = {"Europe/Madrid": 1, "America/New_York": 1, "Australia/Lord_Howe": 0.5, "Asia/Kathmandu": 0}
