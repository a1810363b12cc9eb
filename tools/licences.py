"""The licences of what the service is made of: `python -m tools.licences` writes the page.

Names come from the lock, licences from the metadata of what is installed. Versions are left out: the lock has them,
and the page would change with each update.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from tools.markdown import table

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "PSF-2.0",
    "PostgreSQL",
    "Unlicense",
}
"""What may be linked to without a duty beyond naming it; MPL-2.0's holds for its own files alone."""
# What older metadata says, in SPDX's words.
WORDS: Mapping[str, str] = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd license": "BSD-3-Clause",
    "mit licence": "MIT",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
ABOUT = """# Licences

Bedplate is under Apache-2.0. It is made of what follows; a test fails when something comes with a licence that is
not among these: {allowed}.

*Written from the lock and what is installed by `python -m tools.licences`; a test keeps it current.*
"""
ELSEWHERE = "not known here"
ROW = re.compile(r"^\| `([^`]+)` \| (.+) \|$", re.MULTILINE)


def licence(name: str) -> str:
    """A package's licence as an SPDX expression, as far as its metadata tells; empty where it is not installed."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return ""
    stated = said.get("License-Expression") or ""
    if not stated:
        classified = [
            one.rpartition(" :: ")[2] for one in said.get_all("Classifier") or [] if "License ::" in one
        ]
        plain = (said.get("License") or "").partition("\n")[0].strip()
        known = [WORDS.get(one.lower(), one) for one in (plain, *classified) if one and one != "OSI Approved"]
        stated = " OR ".join(sorted(set(known[:1] if plain else known)))
    return stated


def accepted(expression: str) -> bool:
    """Whether one may take something under this: each part of an AND, one part of an OR."""
    return all(
        any(choice in ALLOWED for choice in re.split(r"\s+OR\s+", part.strip("() ")))
        for part in re.split(r"\s+AND\s+", expression)
    )


def parts() -> dict[str, list[str]]:
    """The names of the lock by what they are for, each where it is first needed."""
    lock: dict[str, Any] = tomllib.loads((ROOT / "uv.lock").read_text())
    packages = {package["name"]: package for package in lock["package"]}
    own = packages["bedplate"]
    wanted: dict[str, Sequence[Mapping[str, Any]]] = {
        "The service": own["dependencies"],
        **{f"With the extra `{name}`": of for name, of in sorted(own["optional-dependencies"].items())},
        **{f"Development: `{name}`": of for name, of in sorted(own["dev-dependencies"].items())},
    }
    seen, found = {"bedplate"}, dict[str, list[str]]()
    for title, direct in wanted.items():
        names = _reached((one["name"] for one in direct), packages) - seen
        seen |= names
        found[title] = sorted(names)
    return found


def page() -> str:
    """The page of all licences."""
    # What another platform or an extra installs, the page knows from where it was written before.
    known = dict(ROW.findall(PAGE.read_text())) if PAGE.exists() else {}
    sections = [ABOUT.format(allowed=", ".join(sorted(ALLOWED)))]
    for title, names in parts().items():
        if names:
            rows = [(f"`{name}`", licence(name) or known.get(name, ELSEWHERE)) for name in names]
            sections.append(f"## {title}\n\n{table(('package', 'licence'), rows)}\n")
    return "\n".join(sections)


def refused() -> list[str]:
    """What comes with a licence that is not allowed, or with none that its metadata names."""
    names = [name for part in parts().values() for name in part]
    stated = {name: licence(name) for name in names}
    return [f"{name}: {said}" for name, said in stated.items() if said and not accepted(said)]


def _reached(direct: Iterable[str], packages: Mapping[str, Any]) -> set[str]:
    reached, waiting = set[str](), list(direct)
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        package = packages[name]
        extras = [one for extra in package.get("optional-dependencies", {}).values() for one in extra]
        waiting += [one["name"] for one in [*package.get("dependencies", []), *extras]]
    return reached


if __name__ == "__main__":
    if wrong := refused():
        sys.exit("\n".join(wrong))
    PAGE.write_text(page())
