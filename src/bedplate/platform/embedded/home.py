import hashlib
import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bedplate.platform.embedded.account import Account, choose_account
from bedplate.platform.embedded.errors import INSTEAD, EmbeddedError

# For root only, where the stand-in cannot reach the data folder. Not from TMPDIR: a second process
# with another environment must come to the same place.
FALLBACKS = (Path("/var/lib"), Path("/var/tmp"), Path("/tmp"))  # noqa: S108 - the folder's owner is checked
SOCKETS = Path("/tmp")  # noqa: S108 - likewise

_SOCKET_FOLDER_LIMIT = 80  # bytes: sockaddr_un ends at 107, PostgreSQL's socket and its lock take 19
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")  # what no URL, list of hosts or configuration needs to quote


@dataclass(frozen=True)
class Home:
    """Where the servers keep what is theirs: their data, logs and copied binaries; and their sockets."""

    root: Path
    sockets: Path
    account: Account

    def folder(self, name: str) -> Path:
        """A folder in here of the account's own."""
        return _private(self.root / name, self.account)


def find_home(data_dir: Path, progress: Callable[[str], None]) -> Home:
    """Find or make the place for the servers of `data_dir`.

    It is in `data_dir`, unless we are root and the account that stands in cannot get there; no
    folder's permissions are opened for it, the place is then in the system's state folder.

    Raises:
        EmbeddedError: when the place cannot be made, or is somebody else's
    """
    try:
        _make(data_dir)
        inside = data_dir / "engines"
        outside = [parent / f"bedplate-{_digest(data_dir)}" for parent in FALLBACKS if os.geteuid() == 0]
        clusters = [
            path for place in (inside, *outside) for path in sorted(place.glob("postgres-[0-9][0-9]"))
        ]
        account = choose_account([*clusters, data_dir])
        root = clusters[0].parent if clusters else _first(inside, outside, data_dir, account)
        if not account.reaches(root.parent if root == inside else root):
            raise EmbeddedError(
                f"{account.name}, who runs PostgreSQL for root, cannot reach {root} any more: "
                f"let the folders above be traversed again, or {INSTEAD}."
            )
        if root != inside:
            progress(f"The databases are in {root}: user {account.name} cannot reach {data_dir}")
        _shared(root, account)
        if root != inside:
            # who finds it by itself must see whose it is
            (root / "data_dir").write_text(f"{data_dir}\n")
        return Home(root, _private(_sockets(root), account), account)
    except OSError as error:
        raise EmbeddedError(
            f"The embedded servers cannot use {error.filename or data_dir} ({error.strerror}): "
            f"make it writable for this user, or {INSTEAD}."
        ) from error


def _make(data_dir: Path) -> None:
    if data_dir.is_dir():
        return
    data_dir.mkdir(parents=True, mode=0o700)
    if os.geteuid() == 0:
        choose_account(()).admit(data_dir)


def _first(inside: Path, outside: list[Path], data_dir: Path, account: Account) -> Path:
    if account.reaches(data_dir):
        return inside
    for place in outside:
        if place.exists() or (os.access(place.parent, os.W_OK) and account.reaches(place.parent)):
            return place
    raise EmbeddedError(f"User {account.name} can reach no folder that root may write: {INSTEAD}.")


def _shared(root: Path, account: Account) -> None:
    """Make the home: root's, traversable for the account."""
    root.mkdir(mode=0o700, exist_ok=True)
    _refuse_foreign(root, account)
    account.admit(root)


def _private(path: Path, account: Account) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    _refuse_foreign(path, account)
    account.own(path)
    path.chmod(0o700)
    return path


def _refuse_foreign(path: Path, account: Account) -> None:
    """Refuse what somebody else put there first: under /tmp names can be guessed."""
    status = path.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid in {os.geteuid(), account.uid}:
        return
    raise EmbeddedError(
        f"{path} belongs to another user: remove it, work as that user, or choose another data folder."
    )


def _sockets(root: Path) -> Path:
    short = root / "run"
    if len(os.fsencode(short)) <= _SOCKET_FOLDER_LIMIT and _PLAIN.fullmatch(str(short)):
        return short
    return SOCKETS / f"bedplate-{os.geteuid()}-{_digest(root)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
