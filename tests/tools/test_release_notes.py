import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tools" / "release_notes.py"
CHANGELOG = """# Changelog

## [Unreleased]

### Added

- Not yet.

## [1.2.0] - 2031-05-01

### Added

- A thing.

### Fixed

- Another.

## [1.1.0] - 2031-04-01

- Older.
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "release_notes.py").write_text(PROGRAM.read_text())
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "thing"\nversion = "1.2.0"\n')
    return tmp_path


def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.release_notes", *arguments],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_notes_are_the_section_of_the_tag(repository: Path) -> None:
    ended = run(repository, "v1.2.0")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "### Added\n\n- A thing.\n\n### Fixed\n\n- Another.\n"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("1.2.0", "A release's tag is vX.Y.Z"),
        ("v1.1.0", "pyproject.toml says 1.2.0"),
    ],
)
def test_a_tag_that_is_not_the_projects_is_refused(repository: Path, tag: str, said: str) -> None:
    ended = run(repository, tag)
    assert ended.returncode == 1
    assert said in ended.stderr


@pytest.mark.parametrize(
    ("heading", "said"),
    [
        ("## [1.2.0]", "its date"),
        ("## [1.3.0] - 2031-05-01", "no section of 1.2.0"),
        ("## [1.2.0] - 2031-05-01\n\n## [1.1.9] - 2031-04-30", "says nothing of 1.2.0"),
    ],
)
def test_a_changelog_that_is_not_ready_is_refused(repository: Path, heading: str, said: str) -> None:
    text = CHANGELOG.replace("## [1.2.0] - 2031-05-01", heading)
    (repository / "CHANGELOG.md").write_text(text)
    ended = run(repository, "v1.2.0")
    assert ended.returncode == 1
    assert said in ended.stderr
    assert ended.stdout == ""
