from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter

    from bedplate.platform.telemetry.metrics import Children


@dataclass(frozen=True, eq=False)
class Tally:
    """A business metric: a counter of what is on the audit trail, declared by a domain in `Domain(metrics=…)`.

    `events` maps an event's type to the labels that are fixed for it; other labels are read from the event's
    data, under their own names. `labels` holds every value a label may have: another one counts as `otherwise`,
    so that the series are bounded whatever is recorded. `only` is what the data must say for an event to count;
    `amount` names the number in it that is added instead of one.
    """

    name: str
    meaning: str
    events: Mapping[str, Mapping[str, str]]
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    only: Mapping[str, object] = field(default_factory=dict[str, object])
    amount: str = ""
    otherwise: str = "other"

    def weight(self, data: Mapping[str, object]) -> int:
        """How much an event adds."""
        if any(data.get(name) != value for name, value in self.only.items()):
            return 0
        amount = data.get(self.amount, 0) if self.amount else 1
        return amount if isinstance(amount, int) else 0

    def values(self, event: str, data: Mapping[str, object]) -> tuple[str, ...]:
        """The labels' values for an event, in the order of declaration."""
        told = {**data, **self.events[event]}
        return tuple(
            str(told[label]) if told.get(label) in allowed else self.otherwise
            for label, allowed in self.labels.items()
        )


class _Counting:
    """A process's counters by event; empty until the composition root has declared them."""

    def __init__(self) -> None:
        self.counters: dict[Tally, Children[Counter]] = {}
        self.by_event: dict[str, list[Tally]] = {}


_COUNTING = _Counting()


def declare(tallies: Iterable[Tally]) -> None:
    """Make the counters, all series at zero; what is declared already stays as it is."""
    from bedplate.platform.telemetry.metrics import counter

    for tally in tallies:
        if tally in _COUNTING.counters:
            continue
        made = _COUNTING.counters[tally] = counter(tally.name, tally.meaning, tuple(tally.labels))
        made.begin(*tally.labels.values())
        for event in tally.events:
            _COUNTING.by_event.setdefault(event, []).append(tally)


def is_counted(event: str) -> bool:
    """Whether any tally counts events of this type in this process."""
    return event in _COUNTING.by_event


def count(event: str, data: Mapping[str, object]) -> None:
    """Count an event that has happened for good."""
    for tally in _COUNTING.by_event.get(event, ()):
        weight = tally.weight(data)
        if weight > 0:
            _COUNTING.counters[tally](*tally.values(event, data)).inc(weight)
