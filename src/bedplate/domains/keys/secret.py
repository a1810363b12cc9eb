"""The form of an API key, `bp_<id>_<secret>_<checksum>`: an id in hex, 256 random bits, a CRC-32 of the rest.

The checksum tells a typing error, and a scanner of leaked secrets, without a question to the database.
"""

import hmac
import secrets
import string
import zlib
from uuid import UUID

import msgspec

from bedplate.domains.keys.errors import InvalidApiKey
from bedplate.platform.secrets.seal import Sealer

PREFIX = "bp"
PURPOSE = "api-key"
PARTS = 4
SECRET_LENGTH = 43  # letters and digits: 43 × log2(62) = 256 bits
LETTERS = string.ascii_letters + string.digits
MAX_LENGTH = 128


class Presented(msgspec.Struct, frozen=True):
    """A key taken apart, not yet believed."""

    key_id: UUID
    text: str


class KeySecrets:
    """Makes keys, takes them apart and digests them."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def make(self, key_id: UUID) -> tuple[str, bytes]:
        """Make a key's text, to be shown once, and its digest, to be stored."""
        secret = "".join(secrets.choice(LETTERS) for _ in range(SECRET_LENGTH))
        head = f"{PREFIX}_{key_id.hex}_{secret}"
        text = f"{head}_{_checksum(head)}"
        return text, self._sealer.digest(PURPOSE, text.encode())

    @staticmethod
    def parse(text: str) -> Presented:
        """Take a key apart.

        Raises:
            InvalidApiKey: it does not have the form of one.
        """
        head, _, checksum = text.rpartition("_")
        parts = text.split("_")
        well_formed = len(text) <= MAX_LENGTH and text.isascii() and len(parts) == PARTS
        if not well_formed or parts[0] != PREFIX or not hmac.compare_digest(checksum, _checksum(head)):
            raise InvalidApiKey
        try:
            return Presented(UUID(hex=parts[1]), text)
        except ValueError as error:
            raise InvalidApiKey from error

    def genuine(self, presented: Presented, digest: bytes | None) -> bool:
        """Whether this is the digest of it, under today's secret of the service or a former one."""
        if digest is None:
            return False
        made = self._sealer.digests(PURPOSE, presented.text.encode())
        return any(hmac.compare_digest(candidate, digest) for candidate in made)


def _checksum(head: str) -> str:
    return f"{zlib.crc32(head.encode()):08x}"
