import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bedplate.settings.auth import AuthSettings


class SealBroken(Exception):  # noqa: N818 - what happened, not who erred
    """A sealed value was altered, or the secret that sealed it is no longer configured."""


class Sealer:
    """Encrypts fields at rest, a key a purpose, derived from the service's secret (HKDF, RFC 5869).

    Former secrets still open what they sealed, so that a secret rotates without downtime.
    """

    def __init__(self, settings: AuthSettings) -> None:
        self._secrets = [s.reveal().encode() for s in (settings.secret, *settings.previous_secrets)]
        self._fernets: dict[str, MultiFernet] = {}

    def seal(self, purpose: str, value: bytes) -> bytes:
        """Encrypt and authenticate a value."""
        return self._fernet(purpose).encrypt(value)

    def open(self, purpose: str, sealed: bytes) -> bytes:
        """Decrypt a value.

        Raises:
            SealBroken: it does not open under any configured secret.
        """
        try:
            return self._fernet(purpose).decrypt(sealed)
        except InvalidToken as error:
            raise SealBroken(
                f"{purpose}: altered, or sealed under a BEDPLATE_AUTH_SECRET that is no longer given; "
                "a former one goes into BEDPLATE_AUTH_PREVIOUS_SECRETS"
            ) from error

    def key(self, purpose: str) -> bytes:
        """Derive 32 bytes for keyed digests; only the newest secret counts."""
        return _derive(self._secrets[0], purpose)

    def keys(self, purpose: str) -> list[bytes]:
        """Derive 32 bytes from each secret, the newest first, for MACs that outlive a rotation."""
        return [_derive(secret, purpose) for secret in self._secrets]

    def digest(self, purpose: str, value: bytes) -> bytes:
        """A keyed digest (BLAKE2b), for secrets that are only ever compared."""
        return hashlib.blake2b(value, key=self.key(purpose), digest_size=32).digest()

    def digests(self, purpose: str, value: bytes) -> list[bytes]:
        """The keyed digests under each secret, the newest first, to compare with one that was stored."""
        return [hashlib.blake2b(value, key=key, digest_size=32).digest() for key in self.keys(purpose)]

    def _fernet(self, purpose: str) -> MultiFernet:
        if purpose not in self._fernets:
            keys = [base64.urlsafe_b64encode(_derive(s, purpose)) for s in self._secrets]
            self._fernets[purpose] = MultiFernet([Fernet(key) for key in keys])
        return self._fernets[purpose]


def _derive(secret: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"bedplate/" + purpose.encode()).derive(secret)
