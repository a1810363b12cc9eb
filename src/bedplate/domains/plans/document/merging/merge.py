"""Three-way merge of a new document with the data, against the revision that both came from: rule 7.

Everything is told in refs. `theirs` is the new document, `ours` the data as it stands; the caller keeps for
each row the ref that it has in the base revision, and any other unique ref for rows that the base has not.
"""

from collections.abc import Collection
from typing import Literal, NamedTuple

import msgspec

from bedplate.domains.plans.document.entities import Content, Entity
from bedplate.domains.plans.document.errors import MergeConflict
from bedplate.domains.plans.document.merging.pairing import pair
from bedplate.domains.plans.document.writing.changes import GROUPS, by_ref, stated

type OnConflict = Literal["merge", "theirs", "ours", "fail"]
type Outcome = Literal["ours", "theirs"]

# A bound of an effort or a wording of a date is never taken from the other side than its fellow.
_TOGETHER = (("effort_min", "effort_max"), ("start_on", "start_text"), ("target_on", "target_text"))
_RELATIONS = ("phase", "parent", "task", "until_phase")


class Create(msgspec.Struct, frozen=True):
    """An entity of the new document that the data has not; its links are refs of the new document."""

    entity: Entity


class Modify(msgspec.Struct, frozen=True, kw_only=True):
    """Values to take from the new document. A relation's value is a ref of the new document."""

    ours: str
    theirs: str
    values: dict[str, object]


class Delete(msgspec.Struct, frozen=True):
    ours: str


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides changed the same thing differently. `field` is empty when one side took the entity away."""

    ours: str | None
    theirs: str | None
    field: str
    base_value: object = None
    our_value: object = None
    their_value: object = None
    outcome: Outcome = "ours"


type Operation = Create | Modify | Delete


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """`pairs` gives for each ref of the new document the ref in the data: what a row is called from now on."""

    operations: tuple[Operation, ...]
    conflicts: tuple[Conflict, ...]
    pairs: dict[str, str]


def merge(
    base: Content | None,
    ours: Content,
    theirs: Content,
    *,
    on_conflict: OnConflict = "merge",
    groups: Collection[str] = GROUPS,
) -> Merge:
    """What to do to the data. What only one side changed is taken from that side.

    A conflict goes to the side that `on_conflict` names; under `merge` to the data, and both are reported.
    Without a base the document wins wherever it says something else. Raises MergeConflict under `fail`.
    """
    merging = _Merging(base, ours, theirs, "theirs" if on_conflict == "theirs" else "ours", groups)
    result = merging.run()
    if on_conflict == "fail" and result.conflicts:
        raise MergeConflict(result.conflicts)
    return result


class _Views(NamedTuple):
    """One entity's values in the base, in the data and in the new document."""

    before: dict[str, object] | None
    mine: dict[str, object]
    new: dict[str, object]

    def verdict(self, fields: tuple[str, ...]) -> Outcome | Literal["conflict"]:
        mine, new = _picked(self.mine, fields), _picked(self.new, fields)
        if mine == new:
            return "ours"
        if self.before is None or _picked(self.before, fields) == mine:
            return "theirs"
        return "ours" if _picked(self.before, fields) == new else "conflict"


class _Merging:
    def __init__(
        self, base: Content | None, ours: Content, theirs: Content, winner: Outcome, groups: Collection[str]
    ) -> None:
        self.winner: Outcome = winner
        self.base = by_ref(base, groups) if base else {}
        self.ours, self.theirs = by_ref(ours, groups), by_ref(theirs, groups)
        self.to_base = pair(base, theirs) if base else {}
        self.pairs = self._pairs(base, ours, theirs)
        self.operations: list[Operation] = []
        self.conflicts: list[Conflict] = []

    def _pairs(self, base: Content | None, ours: Content, theirs: Content) -> dict[str, str]:
        """Through the base where there is one; rows that the base has not are paired directly."""
        known = {ref: at for ref, at in self.to_base.items() if at in self.ours and ref in self.theirs}
        if base is None:
            return {ref: at for ref, at in pair(ours, theirs).items() if ref in self.theirs}
        taken = set(known.values())
        for ref, at in pair(ours, theirs).items():
            fresh = ref in self.theirs and ref not in self.to_base and at not in self.base
            if fresh and at not in taken:
                known[ref] = at
                taken.add(at)
        return known

    def run(self) -> Merge:
        for ref, entity in self.theirs.items():
            if ref in self.pairs:
                self._both(self.ours[self.pairs[ref]], entity)
            else:
                self._only_theirs(entity)
        kept = set(self.pairs.values())
        for ref, entity in self.ours.items():
            if ref not in kept and ref in self.base:
                self._gone_from_theirs(entity)
        return Merge(
            operations=tuple(self.operations), conflicts=tuple(self.conflicts), pairs=dict(self.pairs)
        )

    def _both(self, ours: Entity, theirs: Entity) -> None:
        base = self.base.get(self.to_base.get(theirs.ref, ""))
        views = _Views(
            self._values(base) if base else None, self._values(ours), self._values(theirs, translate=True)
        )
        values: dict[str, object] = {}
        for fields in _fields(views.new):
            verdict = views.verdict(fields)
            if verdict == "conflict":
                self._report(ours, theirs, views, fields)
            if verdict == "theirs" or (verdict == "conflict" and self.winner == "theirs"):
                values |= {name: getattr(theirs, name) for name in fields}
        if values:
            self.operations.append(Modify(ours=ours.ref, theirs=theirs.ref, values=values))

    def _report(self, ours: Entity, theirs: Entity, views: _Views, fields: tuple[str, ...]) -> None:
        before = views.before or {}
        self.conflicts += [
            Conflict(
                ours=ours.ref,
                theirs=theirs.ref,
                field=name,
                base_value=before.get(name),
                our_value=views.mine[name],
                their_value=views.new[name],
                outcome=self.winner,
            )
            for name in fields
            if views.mine[name] != views.new[name]
        ]

    def _only_theirs(self, entity: Entity) -> None:
        """New in the document, or taken away from the data since the base."""
        base = self.base.get(self.to_base.get(entity.ref, ""))
        if base is None:
            self.operations.append(Create(entity))
        elif self._values(base) != self._values(entity, translate=True):
            self.conflicts.append(Conflict(ours=None, theirs=entity.ref, field="", outcome=self.winner))
            if self.winner == "theirs":
                self.operations.append(Create(entity))

    def _gone_from_theirs(self, entity: Entity) -> None:
        if self._values(self.base[entity.ref]) == self._values(entity):
            self.operations.append(Delete(entity.ref))
            return
        self.conflicts.append(Conflict(ours=entity.ref, theirs=None, field="", outcome=self.winner))
        if self.winner == "theirs":
            self.operations.append(Delete(entity.ref))

    def _values(self, entity: Entity, *, translate: bool = False) -> dict[str, object]:
        """Stated values and relations, relations in the data's refs so that revisions compare."""
        values = stated(entity)
        for name in _RELATIONS:
            if hasattr(entity, name):
                ref = getattr(entity, name)
                values[name] = self._translated(ref) if translate else ref
        return values

    def _translated(self, ref: str | None) -> str | None:
        if ref is None:
            return None
        return self.pairs.get(ref) or self.to_base.get(ref) or f"new:{ref}"


def _picked(values: dict[str, object], fields: tuple[str, ...]) -> list[object]:
    return [values[name] for name in fields]


def _fields(values: dict[str, object]) -> list[tuple[str, ...]]:
    together = [names for names in _TOGETHER if names[0] in values]
    joined = {name for names in together for name in names}
    return [*together, *((name,) for name in values if name not in joined)]
