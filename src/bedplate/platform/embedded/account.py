import os
import pwd
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bedplate.platform.embedded.errors import INSTEAD, EmbeddedError

# PostgreSQL refuses to run as root; the first of these that the machine has runs it then
STAND_INS = ("postgres", "nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """Who runs the servers."""

    uid: int
    gid: int
    name: str

    @property
    def stands_in(self) -> bool:
        """Whether this process has to give up root to run as this account."""
        return os.geteuid() != self.uid

    def may(self, path: Path, wanted: int) -> bool:
        """Whether the file's own mode grants `wanted` (an octal digit: 4 read, 1 execute or traverse)."""
        status = path.stat()
        mode = stat.S_IMODE(status.st_mode)
        if status.st_uid == self.uid:
            mode >>= 6
        elif status.st_gid == self.gid:
            mode >>= 3
        return mode & wanted == wanted

    def reaches(self, folder: Path) -> bool:
        """Whether every folder on the way, this one too where it exists, may be traversed."""
        whole = folder.resolve()
        return not self.stands_in or all(
            self.may(part, 0o1) for part in (whole, *whole.parents) if part.exists()
        )

    def own(self, path: Path) -> None:
        """Give a file that we made to the account.

        Raises:
            EmbeddedError: when root may not do so, as in a container without capabilities
        """
        if self.stands_in:
            self._hand(path, self.uid)

    def admit(self, folder: Path) -> None:
        """Let the account, and no one else, through a folder of root's own that we made."""
        if self.stands_in:
            self._hand(folder, -1)
            folder.chmod(0o710)

    def _hand(self, path: Path, owner: int) -> None:
        try:
            os.chown(path, owner, self.gid, follow_symlinks=False)
        except OSError as error:
            raise EmbeddedError(
                f"root may not hand files to {self.name} here ({error.strerror}): "
                f"run as a normal user, or {INSTEAD}."
            ) from error


def choose_account(belongings: Iterable[Path]) -> Account:
    """The caller, or for root the owner of the first of `belongings` that is not root's, else a stand-in.

    Raises:
        EmbeddedError: for root on a machine without an unprivileged account
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), _name(os.geteuid()) or str(os.geteuid()))
    owners = [path.stat().st_uid for path in belongings if path.exists()]
    for name in [*filter(None, (_name(owner) for owner in owners if owner)), *STAND_INS]:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return Account(entry.pw_uid, entry.pw_gid, name)
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and this machine has none of the users {', '.join(STAND_INS)}: "
        f"add one, run as a normal user, or {INSTEAD}."
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return ""
