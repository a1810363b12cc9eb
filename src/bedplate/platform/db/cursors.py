import base64
import datetime as dt
import hashlib
import hmac
from uuid import UUID

import msgspec

from bedplate.platform.errors import BadRequest, FieldError

MAC_LENGTH = 12

type Scalar = str | int | float | bool | dt.datetime | dt.date | UUID | None


class InvalidCursor(BadRequest):
    """The cursor was forged, altered, or made for another list."""

    code, title = "invalid_cursor", "The cursor is not one of ours for this list"

    def __init__(self) -> None:
        super().__init__(
            errors=[FieldError("/cursor", "cursor", "Take it unchanged from next_cursor or Link")]
        )


class CursorSigner:
    """Opaque keyset cursors: the last row's sort key, bound to one list and sealed with an HMAC."""

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.blake2b(secret, person=b"bedplate-cursor", digest_size=32).digest()

    def encode(self, purpose: str, key: list[Scalar]) -> str:
        """Seal a sort key; `purpose` names the list, its sort and its filters."""
        body = msgspec.msgpack.encode(key)
        return base64.urlsafe_b64encode(self._mac(purpose, body) + body).rstrip(b"=").decode()

    def decode(self, purpose: str, cursor: str, kinds: list[type]) -> list[Scalar]:
        """Open a cursor.

        Raises:
            InvalidCursor: it was forged, altered, or made for another list, sort or filter.
        """
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except ValueError as error:
            raise InvalidCursor from error
        mac, body = raw[:MAC_LENGTH], raw[MAC_LENGTH:]
        if not hmac.compare_digest(mac, self._mac(purpose, body)):
            raise InvalidCursor
        values = msgspec.msgpack.decode(body, type=list[object])
        return [msgspec.convert(value, kind) for value, kind in zip(values, kinds, strict=True)]

    def _mac(self, purpose: str, body: bytes) -> bytes:
        message = purpose.encode() + b"\0" + body
        return hmac.digest(self._key, message, "sha256")[:MAC_LENGTH]
