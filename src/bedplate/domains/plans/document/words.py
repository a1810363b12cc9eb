"""The vocabulary of living documents: glyphs, state words, priorities, and how each is written back."""

import re
from collections.abc import Iterable

from bedplate.domains.plans.document.entities import PhaseState, Priority, State

VARIATION_SELECTOR = "\ufe0f"
CLOSED: frozenset[State] = frozenset({"completed", "cancelled"})


def _each[V](names: Iterable[str], value: V) -> dict[str, V]:
    return dict.fromkeys(names, value)


GLYPHS: dict[str, State] = {
    **_each("⚠⏳⌛📋📝⬜☐🔲🔜📅🆕⭕🚫⛔🛑🔴⚪", "pending"),
    **_each("🔄🚧🏗🟡🔵▶🔃🔨🛠⚙🏃", "in_progress"),
    **_each("👀🔍🔎🟣", "in_review"),
    **_each("✅✔✓☑🟢🎉🏁", "completed"),
    **_each("⏸💤⏭", "deferred"),
    **_each("❌✖✗🗑", "cancelled"),
}
WORDS: dict[str, State] = {
    **_each(("pending", "todo", "to do", "to-do", "not started", "planned", "open", "new"), "pending"),
    **_each(("backlog", "upcoming", "queued", "waiting", "blocked", "ready"), "pending"),
    **_each(("in progress", "in-progress", "in_progress", "wip", "started", "active"), "in_progress"),
    **_each(("ongoing", "doing"), "in_progress"),
    **_each(("in review", "in-review", "in_review", "review", "reviewing"), "in_review"),
    **_each(("completed", "complete", "done", "finished", "closed", "shipped", "merged"), "completed"),
    **_each(("deferred", "postponed", "on hold", "on-hold", "paused", "later"), "deferred"),
    **_each(
        ("cancelled", "canceled", "dropped", "abandoned", "won't do", "wontfix", "obsolete"), "cancelled"
    ),
}
MARKERS: dict[str, State] = {
    **_each("xX✓✔✅☑", "completed"),
    **_each("~/oO.", "in_progress"),
    "?": "in_review",
    "-": "cancelled",
    ">": "deferred",
}

WRITTEN_GLYPHS: dict[State, str] = {
    "pending": "⏳",
    "in_progress": "🔄",
    "in_review": "👀",
    "completed": "✅",
    "deferred": "⏸️",
    "cancelled": "❌",
}
WRITTEN_WORDS: dict[State, str] = {
    "pending": "PENDING",
    "in_progress": "IN PROGRESS",
    "in_review": "IN REVIEW",
    "completed": "COMPLETED",
    "deferred": "DEFERRED",
    "cancelled": "CANCELLED",
}
WRITTEN_MARKERS: dict[State, str] = {
    "pending": " ",
    "in_progress": "~",
    "in_review": "?",
    "completed": "x",
    "deferred": ">",
    "cancelled": "-",
}
PHASE_STATES: dict[State, PhaseState] = {
    "pending": "pending",
    "deferred": "pending",
    "in_progress": "in_progress",
    "in_review": "in_progress",
    "completed": "completed",
    "cancelled": "completed",
}

_PRIORITIES: dict[str, Priority] = {
    **_each(("critical", "urgent", "blocker", "highest", "p0"), "critical"),
    **_each(("high", "p1", "major"), "high"),
    **_each(("medium", "normal", "moderate", "p2"), "medium"),
    **_each(("low", "lowest", "minor", "p3", "p4"), "low"),
    **_each(("none", "n/a", "-"), "none"),
}

PHASE = re.compile(r"\b(phase|sprint|milestone|iteration|stage)[ \t]+(\d{1,6}|[IVX]{1,6}\b)", re.IGNORECASE)

# A run of symbols that is no letter, digit, space or common punctuation: where a state's glyph stands.
GLYPH_RUN = r"[^\w\s\x00-\x7f–—…‘’“”«»·•°§¿¡]+"
WORD_CHOICE = "|".join(re.escape(word) for word in sorted(WORDS, key=len, reverse=True))
_NONE = re.compile(
    r"(?:none|nothing|n/a|nil|no one|nobody)\b|(?:no|keine?|aucune?|ningun[oa]|нет|无|なし|[-–—∅])\s*\.?\s*$",
    re.IGNORECASE,
)
_WILDCARD = re.compile(r"(?:all|everything|every|any|anything)\b", re.IGNORECASE)


def glyph_state(glyph: str) -> State | None:
    """The state of the first known sign in a run of signs."""
    return next((GLYPHS[sign] for sign in glyph if sign in GLYPHS), None)


def word_state(word: str) -> State | None:
    return WORDS.get(" ".join(word.lower().split()))


def marker_state(marker: str) -> State:
    return MARKERS.get(marker.replace(VARIATION_SELECTOR, ""), "pending")


def priority(text: str) -> Priority | None:
    """The priority that the first word names, whatever signs stand before it."""
    words = re.findall(r"[\w/-]+", text.lower())
    return next((_PRIORITIES[word] for word in words[:3] if word in _PRIORITIES), None)


def says_none(text: str) -> bool:
    return _NONE.match(text.strip(" \t*_`()")) is not None


def says_all(text: str) -> bool:
    return _WILDCARD.match(text.strip(" \t*_`")) is not None


def cased_like(word: str, model: str) -> str:
    """The word in the case of the model: PENDING, Pending or pending."""
    if model.isupper():
        return word.upper()
    if model.islower():
        return word.lower()
    return word.capitalize()
