"""Lays the documents out for the site: a link to a file of the repository leads to a page that shows it."""

import re
import shutil
from pathlib import Path

FENCE = re.compile(r"^(?P<fence>`{3,}).*?^(?P=fence)$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(\]\()([^)\s#]+)?(#[^)\s]*)?(\))")
KINDS = {".py": "python", ".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".sh": "bash", ".sql": "sql"}
ROOT_PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")


class Stage:
    """Copies of the documents under one folder, their links rewritten."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self._repository = repository
        self._docs = repository / "docs"
        self._folder = folder
        self._sources: set[Path] = set()

    def lay_out(self) -> None:
        """Fill the folder anew."""
        shutil.rmtree(self._folder, ignore_errors=True)
        for path in sorted(self._docs.rglob("*")):
            if path.is_file():
                self._copy(path)
        for name in ROOT_PAGES:
            self._copy(self._repository / name)
        for path in sorted(self._sources):
            self._show(path)

    def place(self, path: Path) -> Path:
        """Where a file of the repository stands on the site."""
        if path.is_relative_to(self._docs):
            return path.relative_to(self._docs)
        if path == self._repository / "README.md":
            return Path("index.md")
        if path.parent == self._repository and path.name in ROOT_PAGES:
            return Path("project") / path.name.lower()
        relative = path.relative_to(self._repository)
        return Path("source") / f"{relative}.md"

    def _copy(self, path: Path) -> None:
        target = self._folder / self.place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            target.write_text(self._rewritten(path))
        else:
            shutil.copyfile(path, target)

    def _rewritten(self, page: Path) -> str:
        text, parts, end = page.read_text(), list[str](), 0
        for fence in FENCE.finditer(text):
            parts += [self._links(text[end : fence.start()], page), fence[0]]
            end = fence.end()
        return "".join([*parts, self._links(text[end:], page)])

    def _links(self, text: str, page: Path) -> str:
        return LINK.sub(lambda match: self._link(match, page), text)

    def _link(self, match: re.Match[str], page: Path) -> str:
        opening, target, anchor, closing = match.groups()
        if not target or ":" in target:
            return match[0]
        path = (page.parent / target).resolve()
        if path.is_dir():
            path /= "README.md"
        if not path.exists():
            raise SystemExit(f"{page.relative_to(self._repository)}: {target} is not there")
        place = self.place(path)
        if place.parts[0] == "source":
            self._sources.add(path)
        up = "../" * (len(self.place(page).parts) - 1)
        return f"{opening}{up}{place}{anchor or ''}{closing}"

    def _show(self, path: Path) -> None:
        name = path.relative_to(self._repository)
        target = self._folder / self.place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        kind = KINDS.get(path.suffix, "text")
        target.write_text(f"# {path.name}\n\n`{name}`\n\n````{kind}\n{path.read_text()}````\n")
