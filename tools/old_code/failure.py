class Broken(Exception):  # noqa: N818 - it says what broke
    """Two releases do not get on; the message names what was tried."""
