"""What a plan states of its tasks, criteria and estimates against what its boxes and efforts say."""

from collections import Counter
from collections.abc import Iterator

from bedplate.domains.plans.document.analysis.finding import Finding, finding
from bedplate.domains.plans.document.analysis.graph import graph_of
from bedplate.domains.plans.document.analysis.readiness import blocked
from bedplate.domains.plans.document.entities import Content, Criterion, Evidence, Fact, Task
from bedplate.domains.plans.document.values import effort, effort_text, holds
from bedplate.domains.plans.document.words import CLOSED, says_none


def stated_findings(content: Content) -> Iterator[Finding]:
    boxes: dict[str, list[bool]] = {}
    for item in content.items:
        boxes.setdefault(item.task, []).append(item.done)
    for task in content.tasks:
        yield from _task(task, boxes.get(task.ref, []))
    yield from _numbers(content)
    for criterion in content.criteria:
        yield from _criterion(criterion)
    for fact in content.facts:
        yield from _blocked(content, fact)
        yield from _remaining(content, fact)


def _task(task: Task, boxes: list[bool]) -> Iterator[Finding]:
    yield from _boxes(task, boxes)
    evidence = task.evidence
    if evidence.heading and evidence.status and evidence.heading != evidence.status:
        line = task.places["status"].line if "status" in task.places else task.line
        yield finding(
            "task.status", task.ref, line,
            f"{_name(task)}: the heading says {evidence.heading}, **Status** says {evidence.status}",
        )  # fmt: skip
    own = evidence.heading or evidence.status
    if evidence.section and own and own != evidence.section and not _closed_alike(own, evidence.section):
        yield finding(
            "task.section", task.ref, task.line,
            f"{_name(task)} is {own} and stands under {evidence.section} tasks",
        )  # fmt: skip
    if task.stated_percent is not None and boxes:
        true = round(100 * sum(boxes) / len(boxes))
        if abs(true - task.stated_percent) > 1:
            line = task.places["stated_percent"].line if "stated_percent" in task.places else task.line
            yield finding(
                "task.percent", task.ref, line,
                f"{_name(task)}: {task.stated_percent}% is stated, {sum(boxes)} of {len(boxes)} boxes are {true}%",
            )  # fmt: skip


def _boxes(task: Task, boxes: list[bool]) -> Iterator[Finding]:
    done, total = sum(boxes), len(boxes)
    evidence = task.evidence
    only_boxes = evidence.boxes and not (evidence.heading or evidence.status or evidence.section)
    if not total or (only_boxes and task.shape == "heading" and evidence != Evidence()):
        return
    message = f"{_name(task)} is {task.state} with {done} of {total} boxes ticked"
    if (task.state == "completed" and done < total) or (task.state == "pending" and done == total):
        yield finding("task.boxes", task.ref, task.line, message)
    elif task.state == "pending" and done:
        yield finding("task.begun", task.ref, task.line, message)


def _numbers(content: Content) -> Iterator[Finding]:
    count = Counter(task.number for task in content.tasks if task.number)
    seen: set[str] = set()
    for task in content.tasks:
        if task.number and count[task.number] > 1:
            if task.number in seen:
                yield finding("task.number", task.ref, task.line, f"{_name(task)}: the number is used twice")
            seen.add(task.number)


def _criterion(criterion: Criterion) -> Iterator[Finding]:
    if criterion.comparison is None or criterion.current is None or criterion.target is None:
        return
    true = holds(criterion.comparison, criterion.current, criterion.target)
    if criterion.met and not true:
        message = f"“{criterion.text}” is ticked, and its own figures say that it is not met"
        yield finding("criterion.met", criterion.ref, criterion.line, message)
    elif true and not criterion.met and criterion.marker is not None:
        message = f"“{criterion.text}” is open, and its own figures say that it is met"
        yield finding("criterion.open", criterion.ref, criterion.line, message)


def _blocked(content: Content, fact: Fact) -> Iterator[Finding]:
    if fact.key.lower() not in {"blocked", "blocked tasks"} or not says_none(fact.raw):
        return
    stated = any(prose.resolution == "resolved" for prose in content.prose)
    waiting = blocked(graph_of(content), basis="prose" if stated else "both")
    if waiting:
        names = [task.number or task.title for task in content.tasks if task.ref in waiting]
        yield finding(
            "blocked.none", fact.ref, fact.line, f"no task is said to be blocked, while {_listed(names)} wait"
        )


def _remaining(content: Content, fact: Fact) -> Iterator[Finding]:
    stated = effort(fact.raw) if "remaining" in fact.key.lower() else None
    parents = {task.parent for task in content.tasks if task.parent and task.effort_max}
    open_tasks = [
        task
        for task in content.tasks
        if task.state not in CLOSED
        and task.state != "deferred"
        and task.effort_max
        and task.ref not in parents
    ]
    open_tasks = [task for task in open_tasks if task.phase == fact.phase] or open_tasks
    if stated is None or not open_tasks:
        return
    least = sum(task.effort_min or 0 for task in open_tasks)
    most = sum(task.effort_max or 0 for task in open_tasks)
    agrees = least <= stated.least == stated.most <= most or (stated.least, stated.most) == (least, most)
    if not agrees:
        said, summed = effort_text(stated.least, stated.most), effort_text(least, most)
        yield finding(
            "estimate.remaining", fact.ref, fact.line,
            f"{said} are stated to remain, the open tasks sum to {summed}",
        )  # fmt: skip


def _closed_alike(one: str, other: str) -> bool:
    return {one, other} <= {"completed", "cancelled"}


def _name(task: Task) -> str:
    return f"task {task.number}" if task.number else f"“{task.title}”"


def _listed(names: list[str]) -> str:
    shown = names[:10] + (["others"] if len(names) > 10 else [])  # noqa: PLR2004 - a message is one line
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
