"""What a root holds, so that two builds can be compared: times apart, which the engine writes into layers."""

import hashlib
import os
import stat
from pathlib import Path

MADE_BY_THE_MACHINE = ("proc", "dev", "sys", "run", "tmp", "etc/resolv.conf", "root/.cache")


def manifest(root: Path) -> dict[str, str]:
    """Kind, mode, owner and content's SHA-256 or link's target by path."""
    found: dict[str, str] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name for name in folders if str(Path(folder, name).relative_to(root)) not in MADE_BY_THE_MACHINE
        ]
        for name in [*folders, *files]:
            path = Path(folder, name)
            relative = str(path.relative_to(root))
            if relative not in MADE_BY_THE_MACHINE:
                found[relative] = _entry(path)
    return found


def digest(entries: dict[str, str]) -> str:
    """One hash of a manifest."""
    lines = "".join(f"{path}\0{entry}\n" for path, entry in sorted(entries.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _entry(path: Path) -> str:
    status = path.lstat()
    kept = f"{stat.filemode(status.st_mode)} {status.st_uid}:{status.st_gid}"
    if path.is_symlink():
        return f"{kept} -> {path.readlink()}"
    if path.is_file():
        return f"{kept} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return kept
