"""The types of audit events: what the code records is what the reference lists."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOMAINS = ROOT / "src" / "bedplate" / "domains"
TASK = re.compile(r'\b(?:task\(|name=)\s*"([\w.]+)"')
TYPE = re.compile(r"^[a-z_]+\.[a-z_]+$")
ROW = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \|", re.MULTILINE)


def recorded(source: str) -> set[str]:
    """The string literals of a module's calls and names that have an event's form, where it imports `record`."""
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    if not any(alias.name == "record" for node in imports for alias in node.names):
        return set()
    given = [argument for node in ast.walk(tree) if isinstance(node, ast.Call) for argument in node.args]
    given += [node.value for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    literals = [
        literal.value
        for value in given
        if isinstance(value, ast.Constant | ast.IfExp)
        for literal in ast.walk(value)
        if isinstance(literal, ast.Constant)
    ]
    return {text for text in literals if isinstance(text, str) and TYPE.match(text)}


def test_every_type_that_is_recorded_is_listed_and_no_other() -> None:
    sources = [path.read_text("utf-8") for path in DOMAINS.rglob("*.py")]
    found = {name for source in sources for name in recorded(source)}
    tasks = {name for source in sources for name in TASK.findall(source)}
    listed = ROW.findall((ROOT / "docs" / "reference" / "audit-events.md").read_text("utf-8"))
    assert sorted(found - tasks) == sorted(listed)
