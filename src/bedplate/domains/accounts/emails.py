import re

from bedplate.domains.accounts.errors import InvalidEmail

MAX_LENGTH = 254
MAX_LOCAL = 64
LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+")
LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
RESERVED = ("test", "example", "localhost", "invalid")
UP_ACCEPTS = ("test", "example", "localhost")


def normalise_email(address: str, *, allow_reserved: bool, pointer: str = "/email") -> str:
    """Check an address's form (the addr-spec of HTML's e-mail state) and lower-case its domain.

    Reserved top-level names (RFC 2606) are refused unless allowed.

    Raises:
        InvalidEmail: it is no address, or under a reserved name.
    """
    text = address.strip()
    local, at, domain = text.rpartition("@")
    labels = domain.split(".")
    well_formed = bool(at) and LOCAL.fullmatch(local) and all(LABEL.fullmatch(label) for label in labels)
    if (
        not well_formed
        or len(text) > MAX_LENGTH
        or len(local) > MAX_LOCAL
        or local[:1] == "."
        or ".." in local
    ):
        raise InvalidEmail("This is not an e-mail address", pointer)
    top = labels[-1].lower()
    reserved = top in RESERVED and not (allow_reserved and top in UP_ACCEPTS)
    if reserved or (len(labels) == 1 and top != "localhost"):
        raise InvalidEmail("Mail cannot be delivered to this domain", pointer)
    return f"{local}@{domain.lower()}"
