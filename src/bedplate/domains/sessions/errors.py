from bedplate.platform.errors import Unauthenticated


class InvalidCredentials(Unauthenticated):
    code, title = "invalid_credentials", "The address and password do not match"


class InvalidRefreshToken(Unauthenticated):
    code, title = "invalid_refresh_token", "The refresh token is not valid"
