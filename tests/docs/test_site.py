"""The site's own parts: what it navigates to, how links of the sources are laid out, and what its look-out sees."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
INDEXED = ("adr/", "runbooks/", "reference/api/")


def run(script: str, folder: Path) -> Any:
    ended = subprocess.run(
        [sys.executable, "-c", f"import json, sys\nfrom pathlib import Path\n{script}", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def targets(entries: list[dict[str, Any]]) -> Iterator[str]:
    for entry in entries:
        for value in entry.values():
            yield from targets(value) if isinstance(value, list) else [value]


def test_every_page_is_in_the_navigation() -> None:
    nav = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    named = {one for one in targets(nav) if not one.startswith("project/")}
    there = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    assert sorted(named - there) == []
    # These folders grow, and have an index of their own.
    assert sorted(page for page in there - named if not page.startswith(INDEXED)) == []


@pytest.fixture
def laid_out(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "thing.py").write_text("THING = 1\n")
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"):
        (tmp_path / name).write_text(f"# {name}\n\n[deep](docs/deep/page.md#there)\n")
    (tmp_path / "docs" / "index.md").write_text("# Index\n")
    (tmp_path / "docs" / "deep" / "page.md").write_text(
        "[code](../../src/thing.py) [log](../../CHANGELOG.md) [out](https://else.example)\n\n"
        "```\n[kept](../../src/thing.py)\n```\n"
    )
    return tmp_path


LAY_OUT = """
from tools.site.stage import Stage
root = Path(sys.argv[1])
Stage(root, root / "site").lay_out()
print(json.dumps({str(p.relative_to(root / "site")): p.read_text() for p in sorted((root / "site").rglob("*.md"))}))
"""


def test_a_link_that_leaves_the_documents_stays_on_the_site(laid_out: Path) -> None:
    staged = run(LAY_OUT, laid_out)
    page = staged["deep/page.md"]
    assert (
        "[code](../source/src/thing.py.md) [log](../project/changelog.md) [out](https://else.example)" in page
    )
    assert "[kept](../../src/thing.py)" in page
    assert "THING = 1" in staged["source/src/thing.py.md"]
    assert "[deep](../deep/page.md#there)" in staged["project/changelog.md"]


FAULTS = """
from tools.site.look import faults
print(json.dumps(faults(Path(sys.argv[1]))))
"""


def test_the_look_out_sees_what_is_dead_and_what_is_foreign(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("@import 'https://fonts.example/one.css';")
    (tmp_path / "there.html").write_text('<h1 id="here">There</h1>')
    (tmp_path / "index.html").write_text(
        '<script src="https://cdn.example/one.js"></script><link rel="stylesheet" href="gone.css">'
        '<a href="there.html#here">fine</a><a href="https://else.example">fine</a>'
        '<a href="gone.html">dead</a><a href="there.html#gone">dead</a><img src="data:image/png;base64,AA==">'
    )
    assert run(FAULTS, tmp_path) == [
        "index.html: loads https://cdn.example/one.js",
        "index.html: loads gone.css, which is not there",
        "index.html: links to gone.html, which is not there",
        "index.html: links to there.html#gone, where there is no such anchor",
        "style.css: loads from another host",
    ]
