from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from sqlalchemy import select
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from bedplate.domains.factors.errors import InvalidFactor
from bedplate.domains.factors.models import Passkey
from bedplate.platform.db import Transaction, utcnow

NAME = "Bedplate"


class RelyingParty(msgspec.Struct, frozen=True):
    """Who we are to authenticators: a domain, and the origins of pages that may use our passkeys."""

    id: str
    origins: tuple[str, ...]

    @classmethod
    def of(cls, public_url: str, allowed_origins: tuple[str, ...]) -> "RelyingParty":
        """The relying party of a service's public address."""
        return cls(urlsplit(public_url).hostname or "localhost", (public_url, *allowed_origins))


class Passkeys:
    """WebAuthn: a passkey always verifies its user, by a finger, a face or a PIN."""

    def __init__(self, session: Transaction, party: RelyingParty) -> None:
        self._session = session
        self._party = party

    async def offer(self, user_id: UUID, email: str) -> tuple[bytes, msgspec.Raw]:
        """Options to make a passkey with; returns the challenge and the options' JSON."""
        options = generate_registration_options(
            rp_id=self._party.id,
            rp_name=NAME,
            user_name=email,
            user_id=user_id.bytes,
            exclude_credentials=[_descriptor(one) for one in await self.of(user_id)],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return options.challenge, msgspec.Raw(options_to_json(options).encode())

    async def add(self, user_id: UUID, challenge: bytes, credential: dict[str, Any], name: str) -> Passkey:
        """Keep a new passkey.

        Raises:
            InvalidFactor: the browser's answer does not hold.
        """
        try:
            verified = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._party.id,
                expected_origin=list(self._party.origins),
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise InvalidFactor from error
        passkey = Passkey(
            user_id=user_id,
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            backed_up=verified.credential_backed_up,
            name=name,
        )
        self._session.add(passkey)
        await self._session.flush()
        return passkey

    async def ask(self, user_id: UUID | None) -> tuple[bytes, msgspec.Raw]:
        """Options to use a passkey with; without a user the browser offers those it has for us."""
        known = await self.of(user_id) if user_id else []
        options = generate_authentication_options(
            rp_id=self._party.id,
            allow_credentials=[_descriptor(one) for one in known],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options.challenge, msgspec.Raw(options_to_json(options).encode())

    async def verify(self, challenge: bytes, credential: dict[str, Any], user_id: UUID | None) -> UUID:
        """Check a passkey's answer; returns whose it is.

        Raises:
            InvalidFactor: unknown, another person's, cloned, or the answer does not hold.
        """
        passkey = await self._named(credential)
        if passkey is None or (user_id is not None and passkey.user_id != user_id):
            raise InvalidFactor
        try:
            verified = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._party.id,
                expected_origin=list(self._party.origins),
                credential_public_key=passkey.public_key,
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        except (WebAuthnException, ValueError, KeyError, TypeError) as error:
            raise InvalidFactor from error
        passkey.sign_count = verified.new_sign_count
        passkey.backed_up = verified.credential_backed_up
        passkey.last_used_at = utcnow()
        await self._session.flush()
        return passkey.user_id

    async def of(self, user_id: UUID) -> list[Passkey]:
        """A person's passkeys, the oldest first."""
        statement = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
        return list(await self._session.scalars(statement))

    async def _named(self, credential: dict[str, Any]) -> Passkey | None:
        try:
            credential_id = base64url_to_bytes(str(credential["rawId"]))
        except (KeyError, ValueError) as error:
            raise InvalidFactor from error
        statement = select(Passkey).where(Passkey.credential_id == credential_id).with_for_update()
        return await self._session.scalar(statement)


def _descriptor(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=passkey.credential_id)
