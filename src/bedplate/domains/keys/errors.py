from bedplate.platform.errors import Conflict, Unauthenticated


class InvalidApiKey(Unauthenticated):
    code, title = "invalid_api_key", "The API key is not valid"

    def __init__(self) -> None:
        super().__init__(challenge='Bearer realm="bedplate", error="invalid_token"')


class TooManyApiKeys(Conflict):
    code, title = "too_many_api_keys", "There are as many API keys as may be; revoke one first"
