"""`python -m tools.old_code FOLDER`: FOLDER is the former release, checked out and synced."""

import shutil
import sys
import tempfile
from pathlib import Path

from bedplate.platform.embedded import Engines
from tools.old_code.failure import Broken, last_error
from tools.old_code.fleet import OWNER, PASSWORD, Fleet, Release
from tools.old_code.smoke import Smoke
from tools.ports import free_port

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Deploy and roll back; the program's end code is 1 when something broke."""
    former, new = Release("the former release", Path(sys.argv[1])), Release("this tree", ROOT)
    folder = Path(tempfile.mkdtemp(prefix="bedplate-old-code-"))
    folder.chmod(0o711)  # the account that runs PostgreSQL for root passes through
    smoke, log = Smoke(), folder / "log"
    try:
        with Engines(folder, durable=False) as engines, Fleet(engines.urls, log) as fleet:
            rehearse(fleet, smoke, former, new)
    except Broken as broken:
        # Processes write down what they have to say when they end, at the latest.
        said = last_error(log.read_text(errors="replace")) if log.exists() else ""
        sys.exit(f"old code: {broken}\n{said}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"old code: {smoke.calls} calls and {smoke.jobs} jobs in five stages, all done")


def rehearse(fleet: Fleet, smoke: Smoke, former: Release, new: Release) -> None:
    """The stages of docs/how-to/zero-downtime.md, each called through once.

    Raises:
        Broken: two of them do not get on
    """
    fleet.run(former, "db", "upgrade")
    fleet.run(former, "users", "create", OWNER, "--role", "admin", "--password-stdin", stdin=PASSWORD)
    api, origin = fleet.api(former, free_port())
    worker = fleet.worker(former)
    smoke.run(origin, "the former release on its own schema")
    fleet.run(new, "db", "upgrade")
    smoke.run(origin, "the former release, running while the schema was migrated")
    fleet.end(api)
    fleet.end(worker)
    api, origin = fleet.api(former, free_port())
    worker = fleet.worker(new)
    smoke.run(origin, "the former release's API, started on this tree's schema, with this tree's worker")
    fleet.end(worker)
    _, renewed = fleet.api(new, free_port())
    fleet.worker(former)
    smoke.run(renewed, "this tree's API with the former release's worker")
    smoke.run(origin, "the former release beside this tree's API, and after a rollback")


if __name__ == "__main__":
    main()
