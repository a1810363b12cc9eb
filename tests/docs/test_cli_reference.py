"""Every command of ours stands in the reference, and nothing that is not there."""

import re
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from bedplate.cli.group import COMMANDS, bedplate_group

PAGE = (Path(__file__).parents[2] / "docs/reference/cli.md").read_text()
SECTIONS = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def command(name: str) -> click.Command:
    found = bedplate_group.get_command(click.Context(bedplate_group), name)
    assert found is not None, name
    return found


def there() -> list[str]:
    return [name for name, place in COMMANDS.items() if find_spec(f"bedplate.cli.{place.partition(':')[0]}")]


def test_the_page_has_our_commands_and_no_other() -> None:
    assert set(there()) | {"run"} == set(SECTIONS)


@pytest.mark.parametrize("name", there())
def test_it_names_each_part(name: str) -> None:
    found = command(name)
    parts = found.commands if isinstance(found, click.Group) else {}
    assert [part for part in parts if f"`{name} {part}" not in SECTIONS[name]] == []
