"""Links between our pages lead somewhere, and functions that they name are there."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
TOUR = ROOT / "docs/tour.md"
MOST_FILES = 4


def links(page: Path) -> Iterator[tuple[str, Path, str]]:
    for text, target in LINK.findall(FENCE.sub("", page.read_text())):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield text, (page.parent / path).resolve() if path else page, anchor


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ +(.+)$", FENCE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_dead(page: Path) -> None:
    for text, target, anchor in links(page):
        assert target.exists(), f"{text}: {target}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{text}: #{anchor}"


def test_what_the_tour_names_is_there() -> None:
    named = [(text.strip("`"), target) for text, target, _ in links(TOUR) if target.suffix == ".py"]
    for name, target in named:
        if name.isidentifier():
            assert re.search(rf"^\s*(?:class|(?:async )?def) {name}\b", target.read_text(), re.MULTILINE), (
                name
            )


def test_the_tour_is_short() -> None:
    assert len({target for _, target, _ in links(TOUR) if target.suffix == ".py"}) <= MOST_FILES
