"""`python -m tools.plain_root BASE [--twice]`: BASE is a root of the base image's Debian, with Python."""

import shutil
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from bedplate.platform.embedded import Engines
from tools.plain_root.build import Build
from tools.plain_root.instructions import ONLY_SAID, Stage, stages
from tools.plain_root.manifest import digest, manifest
from tools.plain_root.refused import Refused
from tools.plain_root.service import Service, sockets, until
from tools.ports import free_port

ROOT = Path(__file__).parents[2]


def main() -> None:
    """Build, run, and say what was not run."""
    base = Path(sys.argv[1])
    read = stages((ROOT / "Containerfile").read_text("utf-8"))
    folder = Path(tempfile.mkdtemp(prefix="bedplate-plain-root-", dir="/var/tmp"))
    folder.chmod(0o755)
    try:
        root = Build(base, ROOT, folder / "first").run(read)
        built = manifest(root)
        size = sum(path.stat().st_size for path in (root / "service").rglob("*") if path.is_file())
        print(
            f"built: {sum(p.startswith('service/') for p in built)} entries of /service, {size >> 20} MiB, {digest(built)}"
        )
        if "--twice" in sys.argv:
            compare(built, manifest(Build(base, ROOT, folder / "second").run(read)))
        serve(root, read[-1])
    except Refused as refused:
        sys.exit(f"plain root: {refused}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"not run: pulling {', '.join(sorted({s.image for s in read}))} (Debian's own Python stands in);"
        f" {', '.join(sorted(ONLY_SAID))} and HEALTHCHECK's intervals, which only an engine obeys; its network,"
        " its seccomp and cgroup limits; layers, SBOM and provenance, which only a builder makes"
    )


def compare(one: dict[str, str], other: dict[str, str]) -> None:
    """Name what differs between two builds.

    Raises:
        Refused: something does
    """
    if differ := sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path)):
        raise Refused(f"two builds differ in {len(differ)} of {len(one)} files: {', '.join(differ[:10])}")
    print(f"built twice: {len(one)} entries, none differs")


def serve(root: Path, stage: Stage) -> None:
    """Migration, API and worker as the image runs them.

    Raises:
        Refused: one of them does not run there
    """
    # Below /tmp, which alone the root can have more folders in.
    folder = Path(tempfile.mkdtemp(prefix="bedplate-", dir="/tmp"))
    folder.chmod(0o711)
    with Engines(folder, durable=False) as engines:
        for place in sockets(engines.urls):
            Path(place).chmod(0o755)
        Path(urlsplit(engines.urls.redis_url).path).chmod(0o777)
        service = Service(root, stage, engines.urls, free_port())
        try:
            service.finish(service.entry("db", "upgrade"))
            api = service.start(service.entry("run"))
            health = free_port()
            worker = service.start(service.entry("worker"), BEDPLATE_JOBS_HEALTH_PORT=str(health))
            until(
                lambda: api.poll() is not None or worker.poll() is not None or service.healthy(),
                "health check",
            )
            until(lambda: ready(service.port) and ready(health), "readiness of both")
        finally:
            codes = service.stop()
        if any(codes):
            raise Refused(f"API and worker ended with codes {codes}")
    shutil.rmtree(folder, ignore_errors=True)
    print("ran: db upgrade, run, worker: healthy and ready, ended by SIGTERM with code 0")


def ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return answer.status == HTTPStatus.OK
    except URLError:
        return False


if __name__ == "__main__":
    main()
