"""Looks at the built pages: no dead link, no anchor that is not there, nothing loaded from another host."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself; a link that a reader follows may lead anywhere.
LOADED = {
    "script": "src",
    "img": "src",
    "source": "src",
    "iframe": "src",
    "video": "src",
    "audio": "src",
    "object": "data",
}
RELATIONS = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
}


class Page(HTMLParser):
    """What a page links to, loads, and can be linked at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and RELATIONS & set(given.get("rel", "").split()):
            self.loads.append(given.get("href", ""))
        if tag in LOADED and LOADED[tag] in given:
            self.loads.append(given[LOADED[tag]])


def faults(site: Path) -> list[str]:
    """Return what is wrong with a built site, a line each."""
    pages = {path: Page(path) for path in sorted(site.rglob("*.html"))}
    found = [
        f"{path.relative_to(site)}: {fault}"
        for path, page in pages.items()
        for fault in _faults(page, pages, site)
    ]
    return [*found, *_foreign_styles(site)]


def _faults(page: Page, pages: dict[Path, Page], site: Path) -> Iterator[str]:
    for address in page.loads:
        if urlsplit(address).scheme not in {"", "data"} or address.startswith("//"):
            yield f"loads {address}"
        elif not address.startswith("data:") and not _target(page.path, address, site).exists():
            yield f"loads {address}, which is not there"
    if page.path.name == "404.html":
        return
    for address in page.links:
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = _target(page.path, address, site)
        if not target.exists():
            yield f"links to {address}, which is not there"
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
            yield f"links to {address}, where there is no such anchor"


def _target(page: Path, address: str, site: Path) -> Path:
    path = unquote(urlsplit(address).path)
    if not path:
        return page
    target = (site / path.lstrip("/") if path.startswith("/") else page.parent / path).resolve()
    return target / "index.html" if target.is_dir() else target


def _foreign_styles(site: Path) -> list[str]:
    return [
        f"{path.relative_to(site)}: loads from another host"
        for path in sorted(site.rglob("*.css"))
        if any(mark in path.read_text() for mark in ("url(http", "url(//", 'url("http', "@import"))
    ]
