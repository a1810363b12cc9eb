from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED

from bedplate.domains.accounts import AccountService
from bedplate.domains.audit import Actor
from bedplate.domains.factors import ceremonies
from bedplate.domains.factors.errors import InvalidChallenge
from bedplate.domains.factors.schemas import (
    FactorsView,
    NewPasskey,
    PasskeyAdded,
    PasskeyOptions,
    RecoveryCodesView,
    TotpConfirmation,
    TotpOffer,
)
from bedplate.domains.factors.service import FactorService
from bedplate.platform.auth.access import Access, stepped_up
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Transaction

# An unverified address may be somebody else's, whom a factor would lock out for good.
CHANGE = stepped_up()


class FactorController(Controller):
    """One's second factors."""

    path = "/v1/auth/mfa"
    tags = ("mfa",)

    @get("/", access=Access(verified=False, session=True))
    async def list_factors(self, caller: Caller, factors: FactorService) -> FactorsView:
        """Show one's second factors."""
        return await factors.show(caller.user_id)

    @post("/totp", access=CHANGE, status_code=HTTP_201_CREATED)
    async def offer_totp(self, caller: Caller, db: Transaction, factors: FactorService) -> TotpOffer:
        """Begin to add an authenticator app; it counts once a code of it was confirmed."""
        account = await AccountService(session=db).living(caller.user_id)
        return await factors.offer_totp(caller.user_id, account.email)

    @post("/totp/confirm", access=CHANGE, status_code=HTTP_200_OK)
    async def confirm_totp(
        self, data: TotpConfirmation, caller: Caller, factors: FactorService, actor: Actor
    ) -> RecoveryCodesView:
        """Confirm the authenticator app by a code; recovery codes come with the first factor."""
        return RecoveryCodesView(await factors.confirm_totp(caller.user_id, data.code, actor))

    @delete("/totp", access=CHANGE)
    async def remove_totp(self, caller: Caller, factors: FactorService, actor: Actor) -> None:
        """Remove the authenticator app."""
        await factors.remove_totp(caller.user_id, actor)

    @post("/recovery-codes", access=CHANGE, status_code=HTTP_201_CREATED)
    async def renew_recovery_codes(
        self, caller: Caller, factors: FactorService, actor: Actor
    ) -> RecoveryCodesView:
        """Make new recovery codes; the former ones are dead."""
        return RecoveryCodesView(await factors.renew_codes(caller.user_id, actor))

    @post("/passkeys/options", access=CHANGE, status_code=HTTP_200_OK)
    async def offer_passkey(self, caller: Caller, db: Transaction, factors: FactorService) -> PasskeyOptions:
        """Begin to add a passkey (WebAuthn); user verification is required."""
        account = await AccountService(session=db).living(caller.user_id)
        challenge, options = await factors.passkeys.offer(caller.user_id, account.email)
        secret = await ceremonies.begin(db, "register", caller.user_id, challenge=challenge)
        return PasskeyOptions(secret, options)

    @post("/passkeys", access=CHANGE, status_code=HTTP_201_CREATED)
    async def add_passkey(
        self, data: NewPasskey, caller: Caller, db: Transaction, factors: FactorService, actor: Actor
    ) -> PasskeyAdded:
        """Add the passkey that the browser made; recovery codes come with the first factor."""
        begun = await ceremonies.attempt(db, "register", data.challenge)
        if begun.challenge is None or begun.user_id != caller.user_id:
            raise InvalidChallenge
        passkey_id, codes = await factors.add_passkey(
            caller.user_id, begun.challenge, data.credential, data.name, actor
        )
        await ceremonies.finish(db, begun)
        return PasskeyAdded(passkey_id, codes)

    @delete("/passkeys/{passkey_id:uuid}", access=CHANGE)
    async def remove_passkey(
        self, passkey_id: UUID, caller: Caller, factors: FactorService, actor: Actor
    ) -> None:
        """Remove a passkey."""
        await factors.remove_passkey(caller.user_id, passkey_id, actor)
