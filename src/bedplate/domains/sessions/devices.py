import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from bedplate.platform.secrets.seal import Sealer

PURPOSE = "device"
ID_LENGTH, MAC_LENGTH = 16, 32
MAX_LENGTH = 128
COOKIE = "__Host-bedplate-device"
COOKIE_SECONDS = 400 * 86_400


class Devices:
    """Recognises a device that an account has signed in from: by a token it keeps, of no use elsewhere.

    It proves nothing but that; who holds it is warned of less, and not held up by others' failures.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._keys = sealer.keys(PURPOSE)

    def make(self, account_id: UUID) -> str:
        """A token for a device that has just signed in."""
        device = secrets.token_bytes(ID_LENGTH)
        return base64.urlsafe_b64encode(device + _mac(self._keys[0], account_id, device)).decode()

    def known(self, token: str | None, account_id: UUID) -> bool:
        """Whether the token was made for this account."""
        if not token or len(token) > MAX_LENGTH:
            return False
        try:
            raw = base64.b64decode(token, altchars=b"-_", validate=True)
        except ValueError:
            return False
        device, mac = raw[:ID_LENGTH], raw[ID_LENGTH:]
        return any(hmac.compare_digest(_mac(key, account_id, device), mac) for key in self._keys)


def _mac(key: bytes, account_id: UUID, device: bytes) -> bytes:
    return hashlib.blake2b(account_id.bytes + device, key=key, digest_size=MAC_LENGTH).digest()
