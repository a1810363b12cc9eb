BRACKETS = b"[]{}"
OTHERS = bytes(sorted(set(range(256)) - set(BRACKETS)))
SQUARE = bytes.maketrans(b"{}", b"[]")


def too_deep(body: bytes, limit: int) -> bool:
    """Whether JSON is nested deeper than a limit; looks closely only when it has that many brackets.

    It never steps through the body in Python, and takes time in proportion to its length however it is made: with
    a regular expression, one string without an end could hold the process for hours.
    """
    if body.count(b"[") + body.count(b"{") <= limit:
        return False
    left = b"".join(_outside_strings(body)).translate(SQUARE, OTHERS)
    for _ in range(limit):
        # Each turn takes the innermost pairs out, so that what is nested less deeply than the limit vanishes.
        inner = left.replace(b"[]", b"")
        if len(inner) == len(left):
            return left.count(b"[") > limit
        left = inner
    return b"[" in left


def _outside_strings(body: bytes) -> list[bytes]:
    return body.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2]
