"""The reference pages that are written from the code: `python -m tools.reference` brings them up to date."""

from collections.abc import Callable, Mapping
from pathlib import Path

from bedplate.settings.reference import settings_reference
from tools.reference.api import api_pages
from tools.reference.commands import commands_page
from tools.reference.errors import errors_page
from tools.reference.metrics import metrics_page
from tools.reference.permissions import permissions_page

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
SINGLE: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "errors.md": errors_page,
    "metrics.md": metrics_page,
    "permissions.md": permissions_page,
    "settings.md": settings_reference,
}


def pages() -> dict[str, str]:
    """Every generated page by its path in `docs/reference`."""
    return {**{name: make() for name, make in SINGLE.items()}, **api_pages()}


def outdated() -> list[str]:
    """The pages that are not what the code says, or that nothing writes any longer."""
    return _outdated(pages())


def write() -> list[str]:
    """Bring the folder up to date, and return what changed."""
    made = pages()
    changed = _outdated(made)
    for name in changed:
        if name in made:
            (FOLDER / name).parent.mkdir(exist_ok=True)
            (FOLDER / name).write_text(made[name])
        else:
            (FOLDER / name).unlink()
    return changed


def _outdated(made: Mapping[str, str]) -> list[str]:
    left = {f"api/{path.name}" for path in (FOLDER / "api").glob("*.md")} - made.keys()
    return sorted([*left, *(name for name, text in made.items() if not _is(FOLDER / name, text))])


def _is(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text
