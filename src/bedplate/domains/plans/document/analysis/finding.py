"""The shape of a finding, and every code with its severity. docs/reference/findings.md explains each."""

from typing import Literal

import msgspec

type Severity = Literal["drift", "warning", "info"]

SEVERITIES: dict[str, Severity] = {
    "task.boxes": "drift",
    "task.begun": "warning",
    "task.status": "drift",
    "task.section": "drift",
    "task.percent": "drift",
    "task.number": "warning",
    "blocked.none": "drift",
    "estimate.remaining": "drift",
    "criterion.met": "drift",
    "criterion.open": "warning",
    "dependencies.omit": "drift",
    "dependencies.unclear": "warning",
    "blocking.omit": "drift",
    "graph.omits": "drift",
    "graph.dead-end": "drift",
    "graph.cycle": "drift",
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`entity` is a ref; `line` is 1-based, or 0 when the entity stands in no document."""

    code: str
    severity: Severity
    entity: str
    message: str
    line: int = 0


def finding(code: str, entity: str, line: int, message: str) -> Finding:
    return Finding(code=code, severity=SEVERITIES[code], entity=entity, message=message, line=line)
