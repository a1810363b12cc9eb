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
