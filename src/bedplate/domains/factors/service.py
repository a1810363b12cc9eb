from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.accounts import Post
from bedplate.domains.audit import Actor, record
from bedplate.domains.factors import attempts, totp
from bedplate.domains.factors.errors import FactorExists, FactorNotFound, InvalidFactor
from bedplate.domains.factors.models import Passkey, Totp
from bedplate.domains.factors.passkeys import Passkeys, RelyingParty
from bedplate.domains.factors.recovery import RecoveryCodes
from bedplate.domains.factors.schemas import FactorsView, PasskeyView, Proof, TotpOffer
from bedplate.platform.db import Transaction, new_id, utcnow
from bedplate.platform.secrets.seal import Sealer

PURPOSE = "totp"


class FactorService:
    """A person's second factors: added, used, removed. Each change is mailed to him."""

    def __init__(self, session: Transaction, *, sealer: Sealer, post: Post, party: RelyingParty) -> None:
        self._session = session
        self._sealer = sealer
        self._post = post
        self.passkeys = Passkeys(session, party)
        self.codes = RecoveryCodes(session, sealer)

    async def methods(self, user_id: UUID) -> list[str]:
        """By what a person can give a second factor; empty when he has none."""
        statement = select(
            func.count(Totp.id).filter(Totp.confirmed_at.is_not(None)),
            select(func.count(Passkey.id)).where(Passkey.user_id == user_id).scalar_subquery(),
        ).where(Totp.user_id == user_id)
        apps, keys = (await self._session.execute(statement)).one()
        found = [name for name, count in (("totp", apps), ("passkey", keys)) if count]
        return [*found, "recovery_code"] if found else []

    async def show(self, user_id: UUID) -> FactorsView:
        """What a person sees of his factors."""
        passkeys = await self.passkeys.of(user_id)
        views = [PasskeyView(p.id, p.name, p.backed_up, p.created_at, p.last_used_at) for p in passkeys]
        methods = await self.methods(user_id)
        return FactorsView("totp" in methods, await self.codes.left(user_id), views)

    async def offer_totp(self, user_id: UUID, email: str) -> TotpOffer:
        """Make a seed; it counts once its first code was right, and replaces an unconfirmed one.

        Raises:
            FactorExists: an app is confirmed already.
        """
        seed = totp.new_seed()
        values = {"sealed_seed": self._sealer.seal(PURPOSE, seed.encode()), "last_timecode": 0}
        row = insert(Totp).values(id=new_id(), created_at=utcnow(), user_id=user_id, **values)
        statement = row.on_conflict_do_update(
            index_elements=["user_id"], set_=values, where=Totp.confirmed_at.is_(None)
        ).returning(Totp.id)
        if await self._session.scalar(statement) is None:
            raise FactorExists
        return TotpOffer(seed, totp.address(seed, email))

    async def confirm_totp(self, user_id: UUID, code: str, actor: Actor) -> list[str]:
        """Take the app's first code; returns recovery codes when it is the first factor.

        Raises:
            FactorNotFound: no seed was made.
            InvalidFactor: the code is wrong; the attempt is counted.
        """
        await attempts.reserve(self._session, user_id)
        row = await self._session.scalar(select(Totp).where(Totp.user_id == user_id))
        if row is None:
            raise FactorNotFound
        first = not await self.methods(user_id)
        if row.confirmed_at is not None or not await self._use_totp(user_id, code):
            raise InvalidFactor
        await self._session.execute(update(Totp).where(Totp.user_id == user_id).values(confirmed_at=utcnow()))
        await attempts.forgive(self._session, user_id)
        return await self._added(user_id, "totp", "authenticator app", actor, first=first)

    async def remove_totp(self, user_id: UUID, actor: Actor) -> None:
        """Remove the authenticator app.

        Raises:
            FactorNotFound: there is none.
        """
        statement = delete(Totp).where(Totp.user_id == user_id).returning(Totp.id)
        if await self._session.scalar(statement) is None:
            raise FactorNotFound
        await self._removed(user_id, "totp", "authenticator app", actor)

    async def add_passkey(
        self, user_id: UUID, challenge: bytes, credential: dict[str, object], name: str, actor: Actor
    ) -> tuple[UUID, list[str]]:
        """Keep a new passkey; returns its id, and recovery codes when it is the first factor."""
        first = not await self.methods(user_id)
        passkey = await self.passkeys.add(user_id, challenge, credential, name)
        return passkey.id, await self._added(user_id, "passkey", "passkey", actor, first=first)

    async def remove_passkey(self, user_id: UUID, passkey_id: UUID, actor: Actor) -> None:
        """Remove a passkey.

        Raises:
            FactorNotFound: he has no such passkey.
        """
        statement = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
        if await self._session.scalar(statement.returning(Passkey.id)) is None:
            raise FactorNotFound
        await self._removed(user_id, "passkey", "passkey", actor)

    async def renew_codes(self, user_id: UUID, actor: Actor) -> list[str]:
        """Make new recovery codes.

        Raises:
            FactorNotFound: there is no factor that they could stand in for.
        """
        if not await self.methods(user_id):
            raise FactorNotFound
        await record(self._session, "factor.codes_renewed", actor, subject=user_id)
        return await self.codes.renew(user_id)

    async def check(self, user_id: UUID, proof: Proof, challenge: bytes | None) -> str:
        """Hold a proof against a person's factors; returns which kind it was. The attempt is counted before.

        Raises:
            TooManyCodes: he must wait.
            InvalidFactor: it is wrong, or not exactly one kind.
        """
        await attempts.reserve(self._session, user_id)
        kind = await self._matching(user_id, proof, challenge)
        if kind is None:
            raise InvalidFactor
        await attempts.forgive(self._session, user_id)
        return kind

    async def _matching(self, user_id: UUID, proof: Proof, challenge: bytes | None) -> str | None:
        given = [name for name, value in msgspec.structs.asdict(proof).items() if value is not None]
        if len(given) != 1:
            return None
        if proof.code is not None:
            return "totp" if await self._use_totp(user_id, proof.code, confirmed=True) else None
        if proof.recovery_code is not None:
            return "recovery_code" if await self.codes.use(user_id, proof.recovery_code) else None
        if proof.passkey is not None and challenge is not None:
            await self.passkeys.verify(challenge, proof.passkey, user_id)
            return "passkey"
        return None

    async def _use_totp(self, user_id: UUID, code: str, *, confirmed: bool = False) -> bool:
        row = await self._session.scalar(select(Totp).where(Totp.user_id == user_id).with_for_update())
        if row is None or (confirmed and row.confirmed_at is None):
            return False
        step = totp.matching_step(
            self._sealer.open(PURPOSE, row.sealed_seed).decode(), code, row.last_timecode
        )
        if step is None:
            return False
        row.last_timecode = step
        await self._session.flush()
        return True

    async def _added(self, user_id: UUID, kind: str, words: str, actor: Actor, *, first: bool) -> list[str]:
        await record(self._session, "factor.added", actor, subject=user_id, kind=kind)
        await self._post.send("factor_added", user_id, factor=words)
        return await self.codes.renew(user_id) if first else []

    async def _removed(self, user_id: UUID, kind: str, words: str, actor: Actor) -> None:
        if not await self.methods(user_id):
            await self.codes.drop(user_id)
        await record(self._session, "factor.removed", actor, subject=user_id, kind=kind)
        await self._post.send("factor_removed", user_id, factor=words)
