import re
from pathlib import Path

from bedplate.domains.plans.document import findings_of
from bedplate.domains.plans.document.analysis.finding import SEVERITIES
from bedplate.domains.plans.document.analysis.findings import worth_failing

_REFERENCE = Path(__file__).parents[4] / "docs" / "reference" / "findings.md"


def test_the_reference_lists_every_code_with_its_severity():
    rows = re.findall(r"^\| `([a-z.-]+)` \| (\w+) \|", _REFERENCE.read_text(), re.MULTILINE)
    assert dict(rows) == SEVERITIES
    assert len(rows) == len(SEVERITIES)


def test_what_is_worth_failing():
    found = findings_of(
        b"## Tasks\n\n### 1. A \xe2\x8f\xb3\n- [x] a\n- [ ] b\n\n### 2. B \xe2\x9c\x85 DONE\n- [ ] c\n"
    )
    assert [finding.code for finding in worth_failing(found, "drift")] == ["task.boxes"]
    assert [finding.code for finding in worth_failing(found, "warning")] == ["task.begun", "task.boxes"]
    assert worth_failing(found, "info") == found


def test_a_document_at_peace_has_no_findings():
    text = (
        "# Tasks - P\n\n## Phase 1: A 🔄 IN PROGRESS\n\n### 1. One ✅ COMPLETED\n**Status**: 100% Complete\n- [x] a\n\n"
        "### 2. Two ⏳ PENDING\n**Estimated Effort**: 2-3 hours\n- [ ] b\n\n**Dependencies**: Task 1\n\n"
        "## Blocked Tasks\n\nNone.\n\n## Time Tracking\n- **Remaining Estimate**: 2-3 hours\n"
    )
    assert findings_of(text.encode()) == []
