import re

from bedplate.platform.errors import BadRequest, Conflict, Failure, Forbidden, NotFound

CODE = re.compile(r"[a-z_]{1,64}")


class ProviderFailed(Failure):
    """The provider, or what it says, cannot be relied on; its own error code is passed on, and nothing else."""

    status, code, title = 502, "provider_failed", "The sign-in provider failed"

    def __init__(self, provider_error: str = "") -> None:
        known = provider_error if CODE.fullmatch(provider_error) else ""
        super().__init__(extra={"provider_error": known} if known else None)


class UnknownProvider(NotFound):
    code, title = "unknown_provider", "There is no such sign-in provider"


class InvalidState(BadRequest):
    code, title = "invalid_state", "This sign-in was finished, took too long, or was begun elsewhere"


class RedirectRefused(BadRequest):
    code, title = "redirect_refused", "A sign-in may not return to this address"


class ProviderEmailUnverified(Forbidden):
    code, title = "provider_email_unverified", "The provider does not vouch for an e-mail address"


class AccountExists(Conflict):
    code, title = "account_exists", "Sign in as you did before, then link the provider to your account"


class IdentityTaken(Conflict):
    code, title = "identity_taken", "Another account is linked to this person of the provider"


class LastSignIn(Conflict):
    code, title = "last_sign_in", "This is the only way to sign in; add another first"


class AccountUnavailable(Forbidden):
    code, title = "account_unavailable", "This account cannot sign in"
