from collections.abc import Sequence

from bedplate.platform.errors import Conflict, Failure, Forbidden, NotFound, Unauthenticated


class MfaRequired(Forbidden):
    """The first factor was right; `challenge` and one of `methods` go to `/v1/auth/mfa/login`."""

    code, title = "mfa_required", "A second factor is due"

    def __init__(self, challenge: str, methods: Sequence[str]) -> None:
        super().__init__(extra={"challenge": challenge, "methods": list(methods)})
        self.challenge = challenge
        self.methods = tuple(methods)


class InvalidFactor(Unauthenticated):
    code, title = "invalid_factor", "The code or passkey is not accepted"


class InvalidChallenge(Unauthenticated):
    code, title = "invalid_challenge", "This sign-in was finished or took too long; begin again"


class TooManyCodes(Failure):
    status, code, title = 429, "too_many_attempts", "Too many wrong codes; wait before the next"

    def __init__(self, retry_after: int) -> None:
        super().__init__(headers={"Retry-After": str(retry_after)})


class FactorExists(Conflict):
    code, title = "factor_exists", "There is one already; remove it first"


class FactorNotFound(NotFound):
    code, title = "factor_not_found", "There is no such factor"
