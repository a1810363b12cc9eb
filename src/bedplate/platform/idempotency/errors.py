from bedplate.platform.errors import Conflict, FieldError, Invalid


class InvalidIdempotencyKey(Invalid):
    def __init__(self) -> None:
        message = "Send one key of 1 to 255 printable ASCII characters"
        super().__init__(message, errors=[FieldError("/Idempotency-Key", "pattern", message)])


class KeyReused(Invalid):
    code, title = "idempotency_key_reused", "This Idempotency-Key belongs to another request"


class InFlight(Conflict):
    code, title = "idempotency_key_in_flight", "The first request with this Idempotency-Key is not done yet"

    def __init__(self) -> None:
        super().__init__(headers={"Retry-After": "1"})
