"""What stands under deploy/, parsed."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
SETTING = re.compile(r"\bBEDPLATE_[A-Z0-9_]+\b")


def resources(folder: Path = KUBERNETES / "base") -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted(folder.rglob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text("utf-8")):
            yield file, document


def containers() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Pod and container by the name of their Deployment or Job."""
    found = {}
    for _, resource in resources():
        if resource["kind"] in {"Deployment", "Job"}:
            pod = resource["spec"]["template"]["spec"]
            found[resource["metadata"]["name"]] = (pod, pod["containers"][0])
    return found


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
