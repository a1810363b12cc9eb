import re
from pathlib import Path

INSTEAD = "set BEDPLATE_DATABASE_URL and BEDPLATE_REDIS_URL to servers of your own"

# the last is PostgreSQL's hint, after a write that went halfway
_FULL = ("No space left on device", "Disk quota exceeded", "Check free disk space")
_LIBRARY = re.compile(r"error while loading shared libraries: ([^:\s]+)")
_COMPLAINT = re.compile(r"(?:(?:FATAL|PANIC|ERROR|error|launch|postgres): +| # )(.+)")


class EmbeddedError(Exception):
    """The embedded servers cannot run; the message is one line that says what to do."""


def failure(server: str, output: str, place: Path) -> EmbeddedError:
    """Turn what a server wrote before it ended into the one line for the person at the terminal.

    `place` is the folder of the server's files: the disk to look at, and where its log is.
    """
    if any(sign in output for sign in _FULL):
        return EmbeddedError(f"The disk that holds {place} is full: free some space and start again.")
    if "Cannot allocate memory" in output:
        return EmbeddedError(f"{server} got no memory: free some, or {INSTEAD}.")
    library = _LIBRARY.search(output)
    if library:
        return EmbeddedError(
            f"{server} needs {library[1]}: install the system package that holds it, or {INSTEAD}."
        )
    complaints = _COMPLAINT.findall(output) or output.strip().splitlines()[-1:]
    reason = complaints[-1].strip() if complaints else "it said nothing"
    return EmbeddedError(f"{server} did not start ({reason}): read its log in {place}, or {INSTEAD}.")
