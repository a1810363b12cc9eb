"""Values inside a line: efforts, percentages, dates, measures. Each reader gives None where nothing is stated."""

import re
from datetime import date
from typing import Literal, NamedTuple, cast

HOURS_A_DAY = 8
DAYS_A_WEEK = 5
_MINUTES = {"m": 1, "h": 60, "d": 60 * HOURS_A_DAY, "w": 60 * HOURS_A_DAY * DAYS_A_WEEK}
_MOST_MINUTES = 10_000_000

_NUMBER = r"(\d{1,7}(?:\.\d{1,4})?)"
_UNIT = r"(m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?|d(?:ays?)?|w(?:(?:ee)?ks?)?)\b"
_RANGE = re.compile(rf"{_NUMBER}\s*(?:{_UNIT})?\s*(?:-|–|—|to|\.\.)\s*{_NUMBER}\s*{_UNIT}", re.IGNORECASE)
_SINGLE = re.compile(rf"{_NUMBER}\s*{_UNIT}", re.IGNORECASE)
_PERCENT = re.compile(r"(?<![\d.])(\d{1,3})(?:\.\d+)?\s*%")
_DATE = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")

_COMPARED = re.compile(
    r"(>=|<=|≥|≤|=>|=<|>|<|==?|\bat least\b|\bat most\b|\bover\b|\babove\b|\bunder\b|\bbelow\b)"
    r"\s*(\d[\d,]*(?:\.\d+)?)\s*(%|[a-zA-Zµ]{1,12}\b)?",
    re.IGNORECASE,
)
_CURRENT = re.compile(
    r"\b(?:currently|current|now|today)\b\s*:?\s*(\d[\d,]*(?:\.\d+)?)\s*(?:/\s*(\d[\d,]*(?:\.\d+)?))?\s*(%)?",
    re.IGNORECASE,
)
_COMPARISONS = {
    "≥": ">=", "=>": ">=", "at least": ">=", "≤": "<=", "=<": "<=", "at most": "<=", "==": "=",
    "over": ">", "above": ">", "under": "<", "below": "<",
}  # fmt: skip

type Comparison = Literal[">=", ">", "<=", "<", "="]


class Effort(NamedTuple):
    """Minutes, least and most."""

    least: int
    most: int


class Measure(NamedTuple):
    comparison: Comparison | None = None
    target: float | None = None
    current: float | None = None
    unit: str | None = None


def effort(text: str) -> Effort | None:
    """A range or a single value; a day is 8 hours and a week 5 days."""
    if found := _RANGE.search(text):
        low, low_unit, high, high_unit = found.groups()
        return _effort(_minutes(low, low_unit or high_unit), _minutes(high, high_unit))
    if found := _SINGLE.search(text):
        minutes = _minutes(found[1], found[2])
        return _effort(minutes, minutes)
    return None


def effort_text(least: int | None, most: int | None) -> str:
    """The shortest exact wording: `4-6 hours`, `1 hour`, `90 minutes`; one bound alone is a single value."""
    known = [minutes for minutes in (least, most) if minutes is not None] or [0]
    low, high = min(known), max(known)
    size, name = (60, "hour") if low % 60 == 0 and high % 60 == 0 else (1, "minute")
    low, high = low // size, high // size
    amount = str(low) if low == high else f"{low}-{high}"
    return f"{amount} {name}" if amount == "1" else f"{amount} {name}s"


def percent(text: str) -> int | None:
    found = _PERCENT.search(text)
    return min(int(found[1]), 100) if found else None


def day(text: str) -> date | None:
    """The first ISO 8601 calendar date that exists."""
    for found in _DATE.finditer(text):
        try:
            return date.fromisoformat(found[1])
        except ValueError:
            continue
    return None


def measure(text: str) -> Measure:
    """What a criterion compares: `coverage >80% (currently 19%)`, `passing (currently 0/138)`."""
    now = _CURRENT.search(text)
    current = _number(now[1]) if now else None
    if now and now[2]:
        return Measure(">=", _number(now[2]), current, None)
    goal = _COMPARED.search(text)
    if goal is None:
        return Measure(current=current, unit="%" if now and now[3] else None)
    sign = goal[1].lower()
    return Measure(cast("Comparison", _COMPARISONS.get(sign, sign)), _number(goal[2]), current, goal[3])


def holds(comparison: Comparison, current: float, target: float) -> bool:
    outcomes = {
        ">": current > target,
        ">=": current >= target,
        "<": current < target,
        "<=": current <= target,
    }
    return outcomes.get(comparison, current == target)


def _effort(least: int, most: int) -> Effort:
    return Effort(min(least, most), max(least, most))


def _minutes(amount: str, unit: str) -> int:
    return min(round(float(amount) * _MINUTES[unit[0].lower()]), _MOST_MINUTES)


def _number(text: str) -> float:
    return float(text.replace(",", ""))
