"""The generated pages are what the code says."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.nightly  # `.ci/run` asks the same in a step of its own
def test_the_generated_pages_are_current() -> None:
    # In a process of its own: what other tests declare is not in the pages.
    checked = subprocess.run(
        [sys.executable, "-m", "tools.reference", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert checked.returncode == 0, f"run `python -m tools.reference`: {checked.stderr}"
