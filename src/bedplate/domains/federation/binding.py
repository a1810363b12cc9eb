from litestar.datastructures import Cookie

COOKIE = "__Host-bedplate-oidc"
SECONDS = 600


def binding_cookie(value: str, seconds: int = SECONDS) -> Cookie:
    """The cookie by which a browser shows that it began the sign-in; with 0 seconds it is taken away."""
    # Lax, not strict: the browser comes back from the provider's site and must bring it along.
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=seconds,
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
