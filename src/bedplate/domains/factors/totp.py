import time

from pyotp import random_base32
from pyotp.hotp import HOTP
from pyotp.totp import TOTP

ISSUER = "Bedplate"
STEP = 30
DRIFT = 1


def new_seed() -> str:
    """A seed of 160 bits (RFC 4226 section 4), in base 32."""
    return random_base32()


def address(seed: str, account: str) -> str:
    """The `otpauth:` address that authenticator apps read from a QR code."""
    return TOTP(seed).provisioning_uri(name=account, issuer_name=ISSUER)


def matching_step(seed: str, code: str, after: int) -> int | None:
    """The time step that a code belongs to, of those not used yet; one step of drift is tolerated.

    The caller stores it: a code is good once (RFC 6238 section 5.2).
    """
    generator, now = HOTP(seed), int(time.time()) // STEP
    steps = range(max(now - DRIFT, after + 1), now + DRIFT + 1)
    return next((step for step in steps if generator.verify(code, step)), None)
