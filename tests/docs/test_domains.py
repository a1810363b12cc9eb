"""The pages and the picture that list the domains list those that the composition root wires, in its order."""

import re
from pathlib import Path

import pytest

from bedplate.app import DOMAINS

ROOT = Path(__file__).parents[2]
LISTS = ("README.md", "docs/ai/architecture.md", "docs/pictures/architecture.svg")


@pytest.mark.parametrize("page", LISTS)
def test_it_lists_the_domains_in_order(page: str) -> None:
    listed = r"\W+".join(domain.name for domain in DOMAINS)
    assert re.search(rf"\b{listed}\b", (ROOT / page).read_text())
