from collections.abc import Iterable

type Field = tuple[bytes, bytes]

SECURITY_HEADERS: tuple[Field, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
API_POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
NO_STORE = (b"cache-control", b"no-store")
PRIVATE = (b"cache-control", b"private, no-cache")


def completed(headers: Iterable[Field], fields: Iterable[Field], *, secret: bool) -> list[Field]:
    """Complete an answer's head: `fields`, and the headers of OWASP ASVS 5.0 V3.4.

    A policy or `Cache-Control` of the answer's own is kept; `secret` answers are not to be stored.
    """
    whole = [*headers, *fields, *SECURITY_HEADERS]
    cached = policed = False
    for name, _ in whole:
        if name == b"cache-control":
            cached = True
        elif name == b"content-security-policy":
            policed = True
    if not policed:
        whole.append(API_POLICY)
    if not cached:
        whole.append(NO_STORE if secret else PRIVATE)
    return whole
