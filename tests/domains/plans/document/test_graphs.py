import pytest

from bedplate.domains.plans.document.analysis.drawing import dot, drawing, mermaid
from bedplate.domains.plans.document.analysis.graph import Edge, Graph, Stage, Vertex, graph_of
from bedplate.domains.plans.document.analysis.paths import critical_path, find_cycle
from bedplate.domains.plans.document.analysis.readiness import blocked, ready
from bedplate.domains.plans.document.errors import GraphCycle
from bedplate.domains.plans.document.reading.flowchart import read_flowchart


def graph(*edges, efforts=None, states=None, stages=None, **phases):
    keys = dict.fromkeys(key for edge in edges for key in edge[:2])
    vertices = {
        key: Vertex(
            key=key,
            title=key,
            effort_min=(efforts or {}).get(key, (0, 0))[0],
            effort_max=(efforts or {}).get(key, (0, 0))[1],
            state=(states or {}).get(key, "pending"),
            phase=phases.get(key),
        )
        for key in keys
    }
    return Graph(vertices=vertices, edges=tuple(Edge(*edge) for edge in edges), stages=stages or {})


def test_the_longest_chain_may_differ_between_the_bounds():
    drawn = graph(("a", "b"), ("c", "d"), efforts={"a": (1, 10), "b": (1, 10), "c": (5, 5), "d": (5, 5)})
    path = critical_path(drawn)
    assert (path.by_max.tasks, path.by_max.effort_max) == (("a", "b"), 20)
    assert (path.by_min.tasks, path.by_min.effort_min) == (("c", "d"), 10)


def test_closed_tasks_take_no_time():
    drawn = graph(("a", "b"), ("b", "c"), efforts=dict.fromkeys("abc", (60, 60)), states={"a": "completed"})
    assert critical_path(drawn).by_max.tasks == ("b", "c")
    assert ready(drawn).ready == ("b",)


def test_deferred_blockers_still_block():
    drawn = graph(("a", "b"), states={"a": "deferred"})
    assert (ready(drawn).ready, blocked(drawn)) == ((), {"b": ("a",)})


def test_a_drawn_node_passes_on_what_stands_before_it():
    vertices = {
        "a": Vertex(key="a", title="A"),
        "n": Vertex(key="n", title="N", kind="milestone", drawn_only=True),
        "b": Vertex(key="b", title="B"),
    }
    drawn = Graph(vertices=vertices, edges=(Edge("a", "n", "graph"), Edge("n", "b", "graph")))
    assert blocked(drawn) == {"b": ("a",)}
    assert ready(drawn, basis="prose").ready == ("a", "b")


def test_a_phase_is_complete_when_its_tasks_are():
    stages = {"p": Stage(key="p", name="P"), "q": Stage(key="q", name="Q", after=("p",))}
    open_phase = graph(("a", "b"), stages=stages, a="p", b="q")
    assert ready(open_phase).ready == ("a",)
    assert ready(graph(("a", "b"), stages=stages, states={"a": "completed"}, a="p", b="q")).ready == ("b",)


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ([], None),
        ([("a", "b"), ("b", "c"), ("a", "c")], None),
        ([("a", "a")], ("a", "a")),
        ([("a", "b"), ("b", "c"), ("c", "b")], ("b", "c", "b")),
        ([("x", "y"), ("a", "b"), ("b", "a")], ("a", "b", "a")),
    ],
)
def test_cycles(edges, cycle):
    assert find_cycle(edges) == cycle


def test_a_critical_path_through_a_cycle_is_refused():
    with pytest.raises(GraphCycle) as caught:
        critical_path(graph(("a", "b"), ("b", "a")))
    assert caught.value.path == ("a", "b", "a")


def test_a_chain_of_any_length_is_no_recursion():
    edges = [(str(i), str(i + 1)) for i in range(20_000)]
    assert find_cycle(edges) is None
    drawn = graph(*edges, efforts={str(i): (1, 1) for i in range(20_001)})
    assert critical_path(drawn).by_max.effort_max == 20_001
    assert ready(drawn).ready == ("0",)


def test_drawings_of_the_sample(document):
    whole = graph_of(document.content)
    shape = drawing(whole)
    assert (len(shape.nodes), len(shape.edges)) == (14, 6)
    assert [edge.origins for edge in shape.edges if edge.blocked == "task:3"] == [("prose", "graph")]
    assert len(drawing(whole, basis="prose").edges) == 2
    assert 'n2["2. Fix Test Suite Configuration and Imports"]' in mermaid(whole)
    assert "n2 --> n3" in mermaid(whole)
    assert dot(whole).startswith("digraph plan {")
    again = read_flowchart(mermaid(whole).split("\n"))
    assert again is not None
    assert (len(again.nodes), len(again.arrows)) == (14, 6)


def test_labels_cannot_break_out_of_a_drawing():
    drawn = Graph(vertices={"a": Vertex(key="a", title='"];\n<script> # \\')})
    assert len(mermaid(drawn).split("\n")[1:2][0].split('"')) == 3
    assert '\\"];' in dot(drawn)


@pytest.mark.parametrize(
    ("line", "nodes", "arrows"),
    [
        ("A-->B", "AB", ["AB"]),
        ("A --> B --> C", "ABC", ["AB", "BC"]),
        ("A & B --> C & D", "ABCD", ["AC", "AD", "BC", "BD"]),
        ("A -->|yes| B; B -.-> C", "ABC", ["AB", "BC"]),
        ("A -- text --> B", "AB", ["AB"]),
        ("A ==> B", "AB", ["AB"]),
        ("A((x)) --- B{y}:::c --> C[[z]]", "ABC", ["AB", "BC"]),
        ("%% A --> B", "", []),
        ("subgraph one", "", []),
    ],
)
def test_arrows_of_a_flowchart(line, nodes, arrows):
    chart = read_flowchart(["graph TD", line])
    assert chart is not None
    assert "".join(node.id for node in chart.nodes) == nodes
    assert [arrow.source + arrow.target for arrow in chart.arrows] == arrows


def test_labels_of_a_flowchart():
    chart = read_flowchart(
        ["flowchart LR", 'A["x [1]"] --> B(round)', "A --> C{{hex}}", "B --> D", "D[late]"]
    )
    assert chart is not None
    assert {node.id: node.label for node in chart.nodes} == {
        "A": "x [1]",
        "B": "round",
        "C": "hex",
        "D": "late",
    }
    assert read_flowchart(["sequenceDiagram", "A->>B: hi"]) is None
