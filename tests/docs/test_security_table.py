"""The published table against the tests: no row without one that exists, no test that is not named."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"def (test_row_\d+_\w+)")
ROWS = 32


def named() -> dict[int, set[str]]:
    table = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]*) \|$", table, re.MULTILINE)
    return {int(number): set(re.findall(r"`(test_\w+)`", cell)) for number, cell in rows}


def existing() -> set[str]:
    found = (path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return {name for text in found for name in NAME.findall(text)}


def test_every_row_is_there() -> None:
    assert sorted(named()) == list(range(1, ROWS + 1))


def test_the_table_names_the_tests_that_exist_and_all_of_them() -> None:
    listed = {name for names in named().values() for name in names}
    assert sorted(listed) == sorted(existing())
