"""Which entities of two revisions are the same: by number and text, then by number, then by likeness.

Blocks with the same hash hold the same texts, so that the first pass pairs all that such blocks contain.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher

from bedplate.domains.plans.document.entities import Content, Entity
from bedplate.domains.plans.document.writing.changes import GROUPS

ALIKE = 0.6
# A crowd of unmatched entities is compared no further than this many times, each over so many characters.
MOST_COMPARISONS = 20_000
MOST_CHARACTERS = 200

_OWNERS = ("task", "side")
_TEXTS = ("title", "text", "raw", "name", "label", "key")
_SPACES = re.compile(r"\s+")

type Key = tuple[object, ...]


def pair(left: Content, right: Content) -> dict[str, str]:
    """For each ref of `right` that has a counterpart in `left`, that counterpart's ref."""
    pairs = {right.plan.ref: left.plan.ref}
    for group in GROUPS:
        _pair_group(getattr(left, group), getattr(right, group), pairs)
    return pairs


def _pair_group(left: Sequence[Entity], right: Sequence[Entity], pairs: dict[str, str]) -> None:
    """Strictest key first; each entity is paired at most once, equal ones in document order."""
    passes: tuple[Callable[[Entity, dict[str, str]], Key | None], ...] = (
        _exact,
        _by_text,
        _by_number,
        _by_owner,
    )
    open_left, open_right = dict.fromkeys(each.ref for each in left), list(right)
    for key_of in passes:
        if not open_left or not open_right:
            return
        waiting: dict[Key, list[str]] = defaultdict(list)
        for entity in reversed(left):
            if entity.ref in open_left and (key := key_of(entity, {})) is not None:
                waiting[key].append(entity.ref)
        unpaired: list[Entity] = []
        for entity in open_right:
            key = key_of(entity, pairs)
            if key is not None and waiting.get(key):
                pairs[entity.ref] = waiting[key].pop()
                del open_left[pairs[entity.ref]]
            else:
                unpaired.append(entity)
        open_right = unpaired
    _pair_alike([each for each in left if each.ref in open_left], open_right, pairs)


def _pair_alike(left: Sequence[Entity], right: Sequence[Entity], pairs: dict[str, str]) -> None:
    """Best likeness first, within the same owner."""
    by_owner: dict[Key, list[Entity]] = defaultdict(list)
    for entity in left:
        by_owner[_owner(entity, {})].append(entity)
    scored: list[tuple[float, int, int]] = []
    compared = 0
    positions = {entity.ref: i for i, entity in enumerate(left)}
    for j, entity in enumerate(right):
        for other in by_owner.get(_owner(entity, pairs), ()):
            compared += 1
            if compared > MOST_COMPARISONS:
                break
            if (ratio := _likeness(text_of(other), text_of(entity))) >= ALIKE:
                scored.append((-ratio, positions[other.ref], j))
    taken_left, taken_right = set[int](), set[int]()
    for _, i, j in sorted(scored):
        if i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            pairs[right[j].ref] = left[i].ref


def text_of(entity: Entity) -> str:
    """The text by which a person knows the entity, folded."""
    found: Iterable[str] = (getattr(entity, name) for name in _TEXTS if getattr(entity, name, None))
    return _SPACES.sub(" ", next(iter(found), "")).strip().lower()


def _exact(entity: Entity, pairs: dict[str, str]) -> Key | None:
    return (*_owner(entity, pairs), _number(entity), text_of(entity)) if text_of(entity) else None


def _by_text(entity: Entity, pairs: dict[str, str]) -> Key | None:
    return (*_owner(entity, pairs), text_of(entity)) if text_of(entity) else None


def _by_number(entity: Entity, pairs: dict[str, str]) -> Key | None:
    """A number alone names a task, a decision, a phase; a renamed one keeps it."""
    number = _number(entity)
    return None if number is None else (*_owner(entity, pairs), number)


def _by_owner(entity: Entity, pairs: dict[str, str]) -> Key | None:
    """What has no text of its own is known by what it belongs to: a deferral, an arrow."""
    return None if text_of(entity) else (*_owner(entity, pairs), *_ends(entity))


def _owner(entity: Entity, pairs: dict[str, str]) -> Key:
    """What the entity belongs to, in the left revision's refs."""
    values = [getattr(entity, name, None) for name in _OWNERS]
    return tuple(pairs.get(value, value) if isinstance(value, str) else value for value in values)


def _number(entity: Entity) -> object:
    named = getattr(entity, "number", None) or getattr(entity, "mermaid_id", None)
    return named if named is not None else getattr(entity, "ordinal", None)


def _ends(entity: Entity) -> Key:
    return getattr(entity, "source", None), getattr(entity, "target", None)


def _likeness(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    matcher = SequenceMatcher(None, one[:MOST_CHARACTERS], other[:MOST_CHARACTERS], autojunk=False)
    if matcher.real_quick_ratio() < ALIKE or matcher.quick_ratio() < ALIKE:
        return 0.0
    return matcher.ratio()
