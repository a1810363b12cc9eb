import asyncio
import contextlib
import sys


def write_line(line: bytes) -> None:
    """Write one log line to standard error; a reader that is gone or slow must not fail the request.

    Standard output belongs to the commands' answers. The stream is looked up each time: tests and servers
    replace it.
    """
    with contextlib.suppress(OSError, ValueError):
        stream = sys.stderr.buffer
        stream.write(line)
        stream.flush()


class LineBatch:
    """Writes lines together that come in the same turn of the event loop: one system call for all."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def write(self, line: bytes) -> None:
        """Write a line at the end of this turn."""
        loop = asyncio.get_running_loop()
        self._lines.append(line)
        # One that waits for a loop that has been closed goes with the next of another.
        if self._loop is not loop:
            self._loop = loop
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._loop = None
        lines, self._lines = self._lines, []
        write_line(b"".join(lines))
