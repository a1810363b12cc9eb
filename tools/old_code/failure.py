import re

ERROR = re.compile(r"(?:^|\\n)([\w.]+(?:Error|Exception): .*?)(?=\\n|$)", re.MULTILINE)
MOST = 500


class Broken(Exception):  # noqa: N818 - it says what broke
    """Two releases do not get on; the message names what was tried."""


def last_error(log: str) -> str:
    """The last error that processes wrote, out of its JSON line; else the end of what they wrote."""
    errors: list[str] = ERROR.findall(log)
    return errors[-1] if errors else log[-MOST:].strip()
