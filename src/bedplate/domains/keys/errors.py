from bedplate.platform.errors import Unauthenticated


class InvalidApiKey(Unauthenticated):
    code, title = "invalid_api_key", "The API key is not valid"

    def __init__(self) -> None:
        super().__init__(challenge='Bearer realm="bedplate", error="invalid_token"')
