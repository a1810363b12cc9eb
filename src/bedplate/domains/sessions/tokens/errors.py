from bedplate.platform.errors import BadRequest


class OAuthRefusal(BadRequest):
    """A refusal of RFC 6749 section 5.2: its `error` stands in the problem document beside our own code."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, extra={"error": self.code})


class InvalidGrant(OAuthRefusal):
    code, title = "invalid_grant", "The grant is invalid, expired, revoked or was issued to somebody else"


class InvalidTokenRequest(OAuthRefusal):
    code, title = "invalid_request", "The token request lacks a parameter"


class UnsupportedGrantType(OAuthRefusal):
    code, title = "unsupported_grant_type", "This grant is not offered here"
