import hashlib
from collections.abc import Iterator

from litestar.types import Scope

from bedplate.platform.auth.caller import Caller
from bedplate.platform.http.client_address import network_of
from bedplate.platform.limits.policy import Subject
from bedplate.platform.limits.rule import SubjectKey


def subject_of(kind: Subject, scope: Scope) -> SubjectKey:
    """Who pays for a request; what a caller lacks is counted by his address."""
    caller: Caller | None = scope.get("user")
    if caller is None or kind == "address":
        return f"ip:{network_of(scope)}"
    if kind == "team" and caller.team_id is not None:
        return f"team:{caller.team_id}"
    if kind == "credential":
        return f"credential:{caller.key_id or caller.session_id or caller.user_id}"
    return caller.user_id


def value_subject(value: str) -> str:
    """The subject of a value that may be personal: its digest."""
    return f"value:{hashlib.blake2b(value.encode(), digest_size=12).hexdigest()}"


def tiers_of(caller: Caller) -> Iterator[str]:
    """The tiers a caller may be in, the most particular first."""
    if caller.key_id is not None:
        yield f"key:{caller.key_id}"
    yield f"user:{caller.user_id}"
    if caller.team_id is not None:
        yield f"team:{caller.team_id}"
    for role in sorted(caller.roles):
        yield f"role:{role}"
