from bedplate.platform.errors import BadRequest, Conflict, FieldError, Invalid


class EmailTaken(Conflict):
    code, title = "email_taken", "Another account has this address"


class WeakPassword(Invalid):
    code, title = "weak_password", "The password is too weak"

    def __init__(self, rule: str, message: str, pointer: str = "/password") -> None:
        super().__init__(message, errors=[FieldError(pointer, rule, message)])


class InvalidEmail(Invalid):
    code, title = "invalid", "The request breaks a rule"

    def __init__(self, message: str, pointer: str = "/email") -> None:
        super().__init__(message, errors=[FieldError(pointer, "email", message)])


class InvalidAccountToken(BadRequest):
    code, title = "invalid_mailed_token", "The link is used, superseded or too old; ask for a new one"
