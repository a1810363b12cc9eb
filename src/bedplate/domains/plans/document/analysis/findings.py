"""Where a plan contradicts itself: stable codes, so that a build can fail on them and a person can waive them."""

from collections.abc import Sequence
from typing import Literal

from bedplate.domains.plans.document.analysis.finding import Finding, Severity
from bedplate.domains.plans.document.analysis.stated import stated_findings
from bedplate.domains.plans.document.analysis.stated_edges import edge_findings
from bedplate.domains.plans.document.entities import Content
from bedplate.domains.plans.document.reading.reader import parse

type FailOn = Literal["drift", "warning", "info"]

_RANK: dict[Severity, int] = {"info": 0, "warning": 1, "drift": 2}


def findings(content: Content) -> list[Finding]:
    """All findings of a document's content or of a plan's rows, in document order."""
    found = [*stated_findings(content), *edge_findings(content)]
    return sorted(found, key=lambda finding: (finding.line, finding.code, finding.entity))


def findings_of(data: bytes) -> list[Finding]:
    """The findings of a document's bytes. Raises DocumentNotUtf8."""
    return findings(parse(data).content)


def worth_failing(found: Sequence[Finding], fail_on: FailOn) -> list[Finding]:
    """The findings that are at least as severe as `fail_on`."""
    return [finding for finding in found if _RANK[finding.severity] >= _RANK[fail_on]]
