"""Documents made to hurt: they are read to the end, and nothing recurses or multiplies."""

import pytest

from bedplate.domains.plans.document import findings, parse
from bedplate.domains.plans.document.analysis.graph import graph_of
from bedplate.domains.plans.document.analysis.paths import critical_path
from bedplate.domains.plans.document.analysis.readiness import ready
from bedplate.domains.plans.document.merging.pairing import pair

HOSTILE = {
    "deep lists": "".join("  " * depth + "- [ ] a\n" for depth in range(500)),
    "deep quotes": ">" * 20_000,
    "deep headings": "".join("#" * (i % 6 + 1) + f" {i}. T ✅ DONE\n" for i in range(3_000)),
    "one long heading": "## Tasks\n### " + "⚠ " * 50_000,
    "spaces": "## Tasks\n### a" + " " * 100_000 + "b",
    "stars": "**" * 50_000,
    "brackets": "- " + "[" * 100_000,
    "pipes": "|" * 50_000 + "\n" + "|-" * 25_000 + "\n",
    "wide table": "|Task|State" + "|a" * 5_000 + "\n" + "|-" * 5_002 + "\n" + "|b|done\n" * 1_000,
    "like titles": "## Tasks\n"
    + "".join(f"### {i}. Fix the thing ⏳\n**Dependencies**: the thing\n" for i in range(1_500)),
    "many arrows": "```mermaid\ngraph TD\n"
    + "".join(f"n{i % 97} --> n{i * 31 % 97}\n" for i in range(5_000))
    + "```\n",
    "wide arrows": "```mermaid\ngraph TD\n" + "&".join(f"n{i}" for i in range(5_000)) + "-->x\n```\n",
    "long text": "# Lessons\n## a\n" + "para\n\n" * 5_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_read(name):
    data = HOSTILE[name].encode()
    document = parse(data)
    assert document.raw == data
    findings(document.content)
    ready(graph_of(document.content))


def test_a_long_chain_of_dependencies():
    text = "## Tasks\n" + "".join(
        f"### {i}. Step{i} ⏳ PENDING\n**Estimated Effort**: 1h\n**Dependencies**: Task {i - 1}\n"
        for i in range(3_000)
    )
    graph = graph_of(parse(text.encode()).content)
    assert ready(graph).ready == ("task:0",)
    assert critical_path(graph).by_max.effort_max == 3_000 * 60


def test_pairing_of_a_crowd_is_bounded():
    left = parse(("## A\n" + "".join(f"- [ ] left{i} alpha\n" for i in range(2_000))).encode()).content
    right = parse(("## A\n" + "".join(f"- [ ] right{i} beta\n" for i in range(2_000))).encode()).content
    assert len(pair(left, right)) <= 2_001
