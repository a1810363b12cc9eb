"""What a heading opens: a section of tasks, a phase, criteria, risks, decisions, a standup's question."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bedplate.domains.plans.document.entities import StandupKind, State


class Section(StrEnum):
    PLAN = "plan"
    GROUP = "group"
    ACTIVE = "active"
    COMPLETED = "completed"
    UPCOMING = "upcoming"
    BLOCKED = "blocked"
    DEFERRED = "deferred"
    PHASE = "phase"
    TASK = "task"
    GRAPH = "graph"
    CRITERIA = "criteria"
    TIMES = "times"
    RISKS = "risks"
    DECISIONS = "decisions"
    LESSONS = "lessons"
    STANDUP = "standup"


TASK_LISTS = frozenset(
    {Section.ACTIVE, Section.COMPLETED, Section.UPCOMING, Section.BLOCKED, Section.DEFERRED}
)
RECORDS = frozenset({Section.DECISIONS, Section.LESSONS})
SECTION_STATES: dict[Section, State] = {Section.COMPLETED: "completed", Section.DEFERRED: "deferred"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the reader stands: the innermost heading, what it opened, and what it stands under."""

    level: int
    section: Section
    phase: str | None = None
    task: str | None = None
    list_section: Section | None = None
    question: StandupKind | None = None
    record: str | None = None


PART_OF_TASK = re.compile(
    r"\W*(?:sub-?tasks?|checklist|acceptance criteria|steps?|tasks?|notes?|details|description|progress)\W*$",
    re.IGNORECASE,
)
_NAMED: tuple[tuple[re.Pattern[str], Section], ...] = tuple(
    (re.compile(words, re.IGNORECASE), section)
    for words, section in (
        (r"\bgraph\b", Section.GRAPH),
        (r"\bcriteria\b|definition of done", Section.CRITERIA),
        (r"\btime tracking\b|\btime log\b|\btimeline\b", Section.TIMES),
        (r"\brisks?\b", Section.RISKS),
        (r"\blessons?\b", Section.LESSONS),
        (r"\bdecisions?\b|\badrs?\b", Section.DECISIONS),
        (r"\bstand-?ups?\b", Section.STANDUP),
    )
)
_LISTS = re.compile(r"\b(?:tasks?|sprint|backlog|work items?|to-?dos?)\b", re.IGNORECASE)
_LIST_KINDS: tuple[tuple[re.Pattern[str], Section], ...] = tuple(
    (re.compile(words, re.IGNORECASE), section)
    for words, section in (
        (r"\b(?:completed|done|finished)\b", Section.COMPLETED),
        (r"\bblocked\b", Section.BLOCKED),
        (r"\b(?:deferred|postponed|on hold)\b", Section.DEFERRED),
        (r"\b(?:upcoming|backlog|future|next|planned)\b", Section.UPCOMING),
    )
)
_BOARD = re.compile(
    r"\W*(?:to-?do|doing|done|in progress|in review|backlog|blocked|deferred|completed|upcoming|next up)\W*$",
    re.IGNORECASE,
)
_QUESTIONS: tuple[tuple[re.Pattern[str], StandupKind], ...] = (
    (re.compile(r"\bblock|\bimpediment|\bobstacle", re.IGNORECASE), "blocker"),
    (re.compile(r"\byesterday\b|\bcompleted?\b|\bdone\b|\blast\b", re.IGNORECASE), "done"),
    (re.compile(r"\btoday\b|\bnext\b|\bworked on\b|\bplan", re.IGNORECASE), "today"),
)


def named_section(title: str) -> Section | None:
    return next((section for words, section in _NAMED if words.search(title)), None)


def task_list(title: str) -> Section | None:
    """The kind of task list that a heading names: `Upcoming Tasks`, `Current Sprint`, or a board's column."""
    if not _LISTS.search(title) and not _BOARD.match(title):
        return None
    return next((section for words, section in _LIST_KINDS if words.search(title)), Section.ACTIVE)


def question(title: str) -> StandupKind | None:
    return next((kind for words, kind in _QUESTIONS if words.search(title)), None)
