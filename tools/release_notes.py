"""Cuts a version's notes out of the changelog: `python -m tools.release_notes v1.2.0`.

Needs nothing but the standard library, as it runs where a release is published.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE)
TAG = re.compile(r"v(\d+\.\d+\.\d+)")


class ReleaseError(Exception):
    """The release is not ready; the message says what to do."""


def notes(changelog: str, version: str) -> str:
    """Return what the changelog says of a version, without its heading.

    Raises:
        ReleaseError: it says nothing, or gives no date.
    """
    headings = list(HEADING.finditer(changelog))
    for place, heading in enumerate(headings):
        if heading["version"] != version:
            continue
        end = headings[place + 1].start() if place + 1 < len(headings) else len(changelog)
        text = changelog[heading.end() : end].strip()
        if not heading["date"]:
            raise ReleaseError(f"Give {version} its date in CHANGELOG.md: ## [{version}] - YYYY-MM-DD")
        if not text:
            raise ReleaseError(f"CHANGELOG.md says nothing of {version}")
        return f"{text}\n"
    raise ReleaseError(f"CHANGELOG.md has no section of {version}")


def version_of(tag: str, project: str) -> str:
    """Return a tag's version, which must be the project's.

    Raises:
        ReleaseError: the tag has another form, or the project another version.
    """
    found = TAG.fullmatch(tag)
    if found is None:
        raise ReleaseError(f"A release's tag is vX.Y.Z, not {tag}")
    stated = str(tomllib.loads(project)["project"]["version"])
    if stated != found[1]:
        raise ReleaseError(f"pyproject.toml says {stated}, the tag {found[1]}")
    return found[1]


def main() -> None:
    """Print the notes of the tag that is given."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and one tag
        sys.exit("usage: python -m tools.release_notes vX.Y.Z")
    try:
        version = version_of(sys.argv[1], (ROOT / "pyproject.toml").read_text())
        sys.stdout.write(notes((ROOT / "CHANGELOG.md").read_text(), version))
    except ReleaseError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
