"""Holds deploy/compose.yaml against the model of the Compose Specification: `.ci/compose`.

In an environment of its own: what it needs brings Pydantic, and with that in ours Litestar would be another than in
production.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "deploy/compose.yaml"


def main() -> None:
    """Print what is wrong, or how many services there are."""
    compose: Any = importlib.import_module("compose_spec").PyCompose
    document: Any = importlib.import_module("yaml").safe_load(FILE.read_text("utf-8"))
    # As JSON: YAML's merge keys, which compose takes, are expanded by then.
    try:
        services: list[str] = compose.from_json(json.dumps(document)).service_names()
    except ValueError as fault:
        sys.exit(f"deploy/compose.yaml: {fault}")
    broken = {**document, "services": {**document["services"], "broken": {"imaeg": "none"}}}
    try:
        compose.from_json(json.dumps(broken))
    except ValueError:
        print(f"deploy/compose.yaml: {len(services)} services as the Compose Specification has them")
    else:
        sys.exit("the check lets an unknown key through, and so checks nothing")


if __name__ == "__main__":
    main()
