from functools import lru_cache
from importlib.resources import files


def is_common(password: str) -> bool:
    """Whether a password, or its letters without digits and signs around them, is on the bundled blocklist."""
    lowered = password.lower()
    core = lowered.strip("0123456789!@#$%^&*()-_=+.,?")
    return lowered in _words() or core in _words() or _doubled(lowered)


def _doubled(text: str) -> bool:
    return any(
        len(text) % size == 0 and text == text[:size] * (len(text) // size) and text[:size] in _words()
        for size in range(3, len(text) // 2 + 1)
    )


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    return frozenset(
        files("bedplate.domains.accounts").joinpath("common-passwords.txt").read_text("utf-8").split()
    )
