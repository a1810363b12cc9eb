import re
from collections.abc import Mapping, Sequence

import msgspec

OVERRIDE = re.compile(
    r"(?P<name>[a-z0-9_-]{1,64})(?:@(?P<tier>(?:role|team|key|user):[\w-]+))?="
    r"(?:(?P<off>off)|(?P<quota>\d+)/(?P<window>\d+(?:\.\d+)?))(?P<words>(?: +[a-z]+(?:-[a-z]+)?(?::\d+)?)*)"
)


class Override(msgspec.Struct, frozen=True):
    """What the settings say about a policy, or about one of its tiers; quota None: off."""

    quota: int | None = None
    window: float = 0.0
    burst: int | None = None
    lease: int | None = None
    fail_closed: bool | None = None


def read_overrides(texts: Sequence[str]) -> Mapping[tuple[str, str], Override]:
    """Read `name[@tier]=quota/seconds [burst:n] [lease:n] [fail-closed|fail-open]`, by name and tier.

    Raises:
        ValueError: a text is not of this form; the message names the setting.
    """
    found: dict[tuple[str, str], Override] = {}
    for text in texts:
        match = OVERRIDE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"BEDPLATE_LIMITS_OVERRIDES: {text!r} is not `name=quota/seconds`")
        words = _words(match["words"])
        if unknown := set(words) - {"burst", "lease", "fail-closed", "fail-open"}:
            raise ValueError(f"BEDPLATE_LIMITS_OVERRIDES: {text!r}: what is {min(unknown)!r}?")
        if match["off"] is None and not (int(match["quota"]) and float(match["window"])):
            raise ValueError(f"BEDPLATE_LIMITS_OVERRIDES: {text!r}: quota and seconds must be above 0")
        found[match["name"], match["tier"] or ""] = Override(
            quota=None if match["off"] else int(match["quota"]),
            window=0.0 if match["off"] else float(match["window"]),
            burst=int(words["burst"]) if words.get("burst") else None,
            lease=int(words["lease"]) if words.get("lease") else None,
            fail_closed="fail-closed" in words if words.keys() & {"fail-closed", "fail-open"} else None,
        )
    return found


def _words(text: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for word in text.split():
        name, _, value = word.partition(":")
        words[name] = value
    return words
