"""Which task a phrase speaks of: tokens matched by their stems, with a margin over the second best."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bedplate.domains.plans.document.entities import Resolution
from bedplate.domains.plans.document.words import says_all, says_none

COVERAGE = 0.75
MARGIN = 0.25
PREFIX = 4
# Past these, a phrase or a crowd of like titles tells nothing more and would only cost time.
MOST_TOKENS = 40
MOST_CANDIDATES = 200

_TOKEN = re.compile(r"[^\W_]+")
_ENDINGS = ("ing", "ed", "es", "s")
_NUMBER = re.compile(
    r"(?:(?:tasks?|items?|steps?|issues?)[ \t]*)?#?([A-Z]{0,8}-?\d{1,6}(?:\.\d{1,4}){0,5})\W*$", re.IGNORECASE
)
_NUMBER_INSIDE = re.compile(
    r"(?:\b(?:task|item|step|issue)[ \t]*#?|#)(\d{1,6}(?:\.\d{1,4}){0,5})\b", re.IGNORECASE
)
_FILLER = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "of",
        "to",
        "for",
        "in",
        "on",
        "at",
        "by",
        "with",
        "from",
        "is",
        "are",
        "be",
        "been",
        "being",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "must",
        "should",
        "can",
        "will",
        "has",
        "have",
        "had",
        "do",
        "does",
        "after",
        "before",
        "until",
        "once",
        "first",
        "then",
        "all",
        "other",
        "work",
        "task",
        "tasks",
        "item",
        "items",
        "step",
        "steps",
        "complete",
        "completed",
        "completion",
        "done",
        "finished",
        "fixed",
        "ready",
    ]
)


@dataclass(frozen=True, slots=True)
class Match:
    resolution: Resolution
    ref: str | None = None
    score: float = 0.0


def tokens(text: str) -> list[str]:
    """Lower-case stems of the words that carry meaning; of a phrase of filler only, all of them."""
    words = [word.lower() for word in _TOKEN.findall(text[:1000])][:MOST_TOKENS]
    return [_stem(word) for word in words if word not in _FILLER] or [_stem(word) for word in words]


def alike(left: str, right: str) -> bool:
    """Equal, or with a common beginning of four letters that is most of the shorter."""
    if left == right:
        return True
    shorter = min(len(left), len(right))
    if shorter < PREFIX or left[:PREFIX] != right[:PREFIX]:
        return False
    common = next((i for i in range(shorter) if left[i] != right[i]), shorter)
    return common * 3 >= shorter * 2


def coverage(phrase: Iterable[str], title: Iterable[str]) -> float:
    """The share of the phrase's tokens that the title has."""
    known, asked = list(title), list(phrase)
    return sum(any(alike(one, other) for other in known) for one in asked) / len(asked) if asked else 0.0


class Titles:
    """An index of tasks by number and by the beginnings of their words."""

    def __init__(self, entries: Iterable[tuple[str, str | None, str]]) -> None:
        """Entries are ref, number and title."""
        self._words: dict[str, list[str]] = {}
        self._numbers: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        self._postings: dict[str, list[str]] = defaultdict(list)
        for ref, number, title in entries:
            self._words[ref] = tokens(title)
            self._exact.setdefault(" ".join(_TOKEN.findall(title.lower())), ref)
            if number:
                self._numbers.setdefault(number.lower(), ref)
            for key in {word[:PREFIX] for word in self._words[ref]}:
                self._postings[key].append(ref)

    def find(self, phrase: str, exclude: str | None = None) -> Match:
        if not phrase.strip() or says_none(phrase):
            return Match("none")
        number = _NUMBER.match(phrase.strip()) or _NUMBER_INSIDE.search(phrase)
        if number and (ref := self._numbers.get(number[1].lower())):
            return Match("resolved", ref, 1.0) if ref != exclude else Match("unresolved")
        if says_all(phrase):
            return Match("wildcard")
        if (ref := self._exact.get(" ".join(_TOKEN.findall(phrase.lower())))) and ref != exclude:
            return Match("resolved", ref, 1.0)
        return self._by_words(tokens(phrase), exclude)

    def _by_words(self, asked: list[str], exclude: str | None) -> Match:
        candidates: dict[str, None] = {}
        for word in asked:
            for ref in self._postings.get(word[:PREFIX], ())[:MOST_CANDIDATES]:
                if ref != exclude:
                    candidates[ref] = None
        ranked = sorted(((coverage(asked, self._words[ref]), ref) for ref in candidates), reverse=True)
        if not ranked or ranked[0][0] < COVERAGE:
            return Match("unresolved", score=round(ranked[0][0], 3) if ranked else 0.0)
        if len(ranked) > 1 and ranked[0][0] - ranked[1][0] < MARGIN:
            return Match("ambiguous", score=round(ranked[0][0], 3))
        return Match("resolved", ranked[0][1], round(ranked[0][0], 3))


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= len("fix"):
            return word[: -len(ending)]
    return word
