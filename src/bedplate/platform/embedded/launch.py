"""Becomes a server: `python -I -S launch.py UID GID PARENT SIGNAL COMMAND…`.

A program of its own, since code between fork and exec in a process with threads may deadlock. It gives
up root, asks the kernel for SIGNAL when the thread that started it ends (PARENT 0: does not ask), and
executes COMMAND.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def become(uid: int, gid: int) -> None:
    if os.geteuid() == uid:
        return
    os.setgroups([gid])
    os.setgid(gid)
    os.setuid(uid)


def follow(parent: int, signal: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:
        # it ended before the kernel knew that we follow it
        sys.exit(0)


def main(uid: str, gid: str, parent: str, signal: str, *command: str) -> None:
    os.chdir("/")
    os.umask(0o077)
    become(int(uid), int(gid))
    if int(parent):
        # after the change of user, which clears it: prctl(2)
        follow(int(parent), int(signal))
    os.execv(command[0], command)  # noqa: S606 - no shell is what we want


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.stderr.write(f"launch: {error}\n")
        sys.exit(126)
