"""What the service is made of may be used, and the page says under which licence."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(script: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_nothing_comes_with_a_licence_that_is_not_allowed_and_the_page_is_current() -> None:
    told = run(
        "from tools.licences import PAGE, page, refused\n"
        "print(refused(), PAGE.read_text() == page(), 'not known' in page())"
    )
    assert told.split() == ["[]", "True", "False"], "run `python -m tools.licences`"


EXPRESSIONS = {
    "MIT": True,
    "MIT AND PSF-2.0": True,
    "GPL-3.0-only OR MIT": True,
    "(Apache-2.0 OR BSD-2-Clause)": True,
    "MIT AND GPL-3.0-only": False,
    "AGPL-3.0-or-later": False,
    "Proprietary": False,
}


def test_an_expression_is_read() -> None:
    told = run(
        f"from tools.licences import accepted; print({{one: accepted(one) for one in {list(EXPRESSIONS)}}})"
    )
    assert told.strip() == str(EXPRESSIONS)
