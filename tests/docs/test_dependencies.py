import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def direct_dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    requirements = [one for group in groups for one in group if isinstance(one, str)]
    return {match[0].lower() for one in requirements if (match := NAME.match(one))}


def explained() -> list[str]:
    return re.findall(r"^\| `([^`]+)` \| \S", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)


def test_every_direct_dependency_has_its_line() -> None:
    assert direct_dependencies() - set(explained()) == set()


def test_no_line_outlives_its_dependency() -> None:
    assert set(explained()) - direct_dependencies() == set()


def test_no_dependency_is_explained_twice() -> None:
    assert sorted(explained()) == sorted(set(explained()))
