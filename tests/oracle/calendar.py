"""The oracle of the calendar: years flow in; one row a day flows out, and the members -1 and -2."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

UNKNOWN, NOT_APPLICABLE = -1, -2
FIRST_YEAR, LAST_YEAR = 1990, 2049
# Written out, since what Python says depends on the locale.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# The columns in hashing order, each with the kind that decides its canonical text.
COLUMNS = {
    "date_sk": "integer",
    "calendar_date": "date",
    "label": "text",
    "year": "integer",
    "quarter": "integer",
    "month": "integer",
    "month_name": "text",
    "day": "integer",
    "day_of_year": "integer",
    "iso_year": "integer",
    "iso_week": "integer",
    "weekday": "integer",
    "weekday_name": "text",
    "is_weekend": "boolean",
    "fiscal_year": "integer",
    "fiscal_quarter": "integer",
    "fiscal_month": "integer",
}


def key_of(day: date | None) -> int:
    """yyyymmdd; -2 where there is no day."""
    return NOT_APPLICABLE if day is None else int(f"{day.year}{day.month:02}{day.day:02}")


def row_of(day: date, fiscal_start: int) -> dict[str, Any]:
    """What the calendar says of a day; a fiscal year has the number of the calendar year that it ends in."""
    iso_year, iso_week, weekday = day.isocalendar()
    fiscal_month = day.month - fiscal_start + 1 if day.month >= fiscal_start else day.month - fiscal_start + 13
    ends_next_year = fiscal_start != 1 and day.month >= fiscal_start
    return {
        "date_sk": key_of(day),
        "calendar_date": day,
        "label": day.isoformat(),
        "year": day.year,
        "quarter": (day.month + 2) // 3,
        "month": day.month,
        "month_name": MONTHS[day.month - 1],
        "day": day.day,
        "day_of_year": (day - date(day.year, 1, 1)).days + 1,
        "iso_year": iso_year,
        "iso_week": iso_week,
        "weekday": weekday,
        "weekday_name": DAYS[weekday - 1],
        "is_weekend": DAYS[weekday - 1] in ("Saturday", "Sunday"),
        "fiscal_year": day.year + 1 if ends_next_year else day.year,
        "fiscal_quarter": (fiscal_month + 2) // 3,
        "fiscal_month": fiscal_month,
    }


def calendar_rows(
    first_year: int = FIRST_YEAR, last_year: int = LAST_YEAR, fiscal_start: int = 1
) -> Iterator[dict[str, Any]]:
    """The members, and each day of the years, both included."""
    for key, label in ((UNKNOWN, "unknown"), (NOT_APPLICABLE, "not applicable")):
        yield dict.fromkeys(COLUMNS) | {"date_sk": key, "label": label}
    day = date(first_year, 1, 1)
    while day.year <= last_year:
        yield row_of(day, fiscal_start)
        day += timedelta(days=1)
