import re
from urllib.parse import unquote

import httpx

from bedplate.platform.telemetry.redact import redact_text

REDACTED = "REDACTED"
"""The word that OpenTelemetry's conventions put in the place of what is hidden in `url.full`."""

_PORTS = {"http": 80, "https": 443}
_LONGEST = 500
# A webhook's or a share's secret stands in the path: what is long and mixes letters and digits.
_DRAWN = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[^/]{16,}")


def told_url(url: httpx.URL) -> str:
    """Write an address for a span: no userinfo, no fragment, of the query the names alone.

    The conventions name a few parameters whose values are secrets; which of another service's are cannot be known,
    so all are hidden.
    """
    user = f"{REDACTED}:{REDACTED}@" if url.userinfo else ""
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = f":{url.port}" if url.port else ""
    path = _DRAWN.sub(REDACTED, redact_text(unquote(url.raw_path.partition(b"?")[0].decode("ascii"))))
    return f"{url.scheme}://{user}{host}{port}{path}{_query(url.query)}"[:_LONGEST]


def port_of(url: httpx.URL) -> int:
    """The port that is called, said or not."""
    return url.port or _PORTS.get(url.scheme, 0)


def _query(query: bytes) -> str:
    parts = [part.partition("=") for part in query.decode("ascii").split("&") if part]
    # Without `=` it is no name, and may be the secret itself.
    return (
        "?" + "&".join(f"{name}={REDACTED}" if sign else REDACTED for name, sign, _ in parts) if parts else ""
    )
