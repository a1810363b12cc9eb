import base64
import hashlib
import hmac
import struct
from uuid import UUID

import msgspec

from bedplate.domains.sessions.errors import InvalidRefreshToken
from bedplate.platform.secrets.seal import Sealer

PREFIX = "bpr_"
HEAD = struct.Struct(">16sI")
MAC_LENGTH = 32
PURPOSE = "refresh-token"


class Presented(msgspec.Struct, frozen=True):
    """A refresh token taken apart, not yet believed."""

    session_id: UUID
    count: int
    mac: bytes


class RefreshTokens:
    """Makes and checks refresh tokens: `bpr_` and base64url of session id, counter and MAC (256 bits)."""

    def __init__(self, sealer: Sealer) -> None:
        self._keys = sealer.keys(PURPOSE)

    def make(self, session_id: UUID, nonce: bytes, count: int) -> str:
        """The token of a session's counter; the same each time, so that twin refreshes get one successor."""
        head = HEAD.pack(session_id.bytes, count)
        raw = head + _mac(self._keys[0], nonce, head)
        return PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @staticmethod
    def parse(token: str) -> Presented:
        """Take a token apart.

        Raises:
            InvalidRefreshToken: it does not have the form of one.
        """
        text = token.removeprefix(PREFIX)
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except ValueError as error:
            raise InvalidRefreshToken from error
        if len(raw) != HEAD.size + MAC_LENGTH or text == token:
            raise InvalidRefreshToken
        identity, count = HEAD.unpack(raw[: HEAD.size])
        return Presented(UUID(bytes=identity), count, raw[HEAD.size :])

    def genuine(self, presented: Presented, nonce: bytes) -> bool:
        """Whether we made it, under today's secret or a former one."""
        head = HEAD.pack(presented.session_id.bytes, presented.count)
        return any(hmac.compare_digest(_mac(key, nonce, head), presented.mac) for key in self._keys)


def _mac(key: bytes, nonce: bytes, head: bytes) -> bytes:
    return hashlib.blake2b(nonce + head, key=key, digest_size=MAC_LENGTH).digest()
