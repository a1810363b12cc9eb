import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.plain_root.instructions import Stage
from tools.plain_root.refused import Refused

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
FROM_HERE = ("/etc/resolv.conf", str(CERTIFICATES))
"""What an engine, too, gives a build of its host: how names are resolved and who is believed."""


@dataclass
class Build:
    """Stages as folders beside each other, each begun as a copy of the base."""

    base: Path
    context: Path
    folder: Path

    def run(self, stages: list[Stage]) -> Path:
        """Take every step; returns the last stage's root."""
        self.folder.mkdir()
        for stage in stages:
            _run("cp", "-a", str(self.base), str(self._root(stage)))
            here = "/"
            for name, value, environment in stage.steps:
                print(f"  {stage.name or 'last'}: {name} {' '.join(value.split())}", flush=True)
                if name == "WORKDIR":
                    here = value
                    (self._root(stage) / value.lstrip("/")).mkdir(parents=True, exist_ok=True)
                elif name == "RUN":
                    in_root(self._root(stage), f"cd {here} && {value}", environment)
                else:
                    self._copy(self._root(stage), here, value)
        return self._root(stages[-1])

    def _root(self, stage: Stage) -> Path:
        return self.folder / (stage.name or "last")

    def _copy(self, root: Path, here: str, value: str) -> None:
        words = value.split()
        origin = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else ""
        *sources, target = words
        place = root / os.path.join(here, target).lstrip("/")  # noqa: PTH118 - the root's path, not the machine's
        for source in sources:
            found = self._source(origin, source)
            if target.endswith("/"):
                place.mkdir(parents=True, exist_ok=True)
            _run(
                "cp",
                "-aLT" if "/" in origin else "-aT",
                str(found),
                str(place / found.name if target.endswith("/") else place),
            )
        if not origin:
            for compiled in list(place.rglob("__pycache__")):
                shutil.rmtree(compiled)

    def _source(self, origin: str, source: str) -> Path:
        if "/" in origin:
            # An image that holds one program, uv: the one that runs us stands in for it.
            return Path(os.environ[Path(source).name.upper()])
        if origin:
            return self.folder / origin / source.lstrip("/")
        if f"!{source}" not in (self.context / ".containerignore").read_text().split():
            raise FileNotFoundError(f".containerignore does not let {source} into the build")
        return self.context / source


def in_root(root: Path, command: str, environment: dict[str, str]) -> None:
    """Run a step's command line by the root's own shell, as root, with nothing of ours but the network."""
    given = "\n".join(f"mount --bind '{path}' '{root}{path}'" for path in FROM_HERE)
    script = f"""
set -e
: >> '{root}/etc/resolv.conf'
{given}
mount -t proc proc '{root}/proc'
mount --bind /dev '{root}/dev'
exec chroot '{root}' /usr/bin/env -i "$@" /bin/sh -c {_quoted(command)}
"""
    pairs = [
        f"{k}={v}"
        for k, v in (
            {"PATH": PATH, "HOME": "/root", "SSL_CERT_FILE": str(CERTIFICATES)} | environment
        ).items()
    ]
    _run("unshare", "--mount", "--propagation", "private", "bash", "-c", script, "root", *pairs, told=command)


def _run(*command: str, told: str = "") -> None:
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - the Containerfile's own steps
        raise Refused(f"this failed, see above: {' '.join((told or ' '.join(command)).split())}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
