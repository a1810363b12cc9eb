import msgspec

from bedplate.domains.accounts import Password
from bedplate.domains.factors.schemas import Challenge, Code, Credential, Proof, RecoveryText
from bedplate.domains.sessions.schemas import AsCookie, DeviceName


class SecondStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sign-in's second step: the challenge, and exactly one of `code`, `recovery_code` and `passkey`."""

    challenge: Challenge
    code: Code | None = None
    recovery_code: RecoveryText | None = None
    passkey: Credential | None = None
    cookie: AsCookie = False

    @property
    def proof(self) -> Proof:
        """The factor alone."""
        return Proof(code=self.code, recovery_code=self.recovery_code, passkey=self.passkey)


class ChallengeOnly(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    challenge: Challenge


class PasskeyLogin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sign-in by a passkey alone."""

    challenge: Challenge
    passkey: Credential
    device: DeviceName = ""
    cookie: AsCookie = False


class StepUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fresh proof of identity: the password, or a second factor where there is one.

    `challenge` goes with a passkey, and comes from `/v1/auth/step-up/options`.
    """

    password: Password | None = None
    code: Code | None = None
    recovery_code: RecoveryText | None = None
    passkey: Credential | None = None
    challenge: Challenge | None = None

    @property
    def proof(self) -> Proof:
        """The second factor alone."""
        return Proof(code=self.code, recovery_code=self.recovery_code, passkey=self.passkey)
