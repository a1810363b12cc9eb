import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from joserfc.jwk import ECKey
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.auth.models import SigningKey
from bedplate.platform.db import Database, Read, utcnow
from bedplate.platform.secrets.seal import Sealer

PURPOSE = "signing-key"
CHANNEL = "bedplate_keys"
# A constant of ours for pg_advisory_xact_lock, so that two starts make one first key.
LOCK = 0x62656470


class KeyRow(msgspec.Struct):
    kid: str
    public_jwk: str
    sealed_private: bytes
    activates_at: dt.datetime
    retires_at: dt.datetime | None


KEYS = Read(
    select(
        SigningKey.kid,
        SigningKey.public_jwk,
        SigningKey.sealed_private,
        SigningKey.activates_at,
        SigningKey.retires_at,
    ).order_by(SigningKey.activates_at.desc()),
    KeyRow,
)


class KeyRing:
    """The service's ES256 keys: the newest active one signs, every published one verifies."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        self._rows: list[KeyRow] = []
        self._private: dict[str, ECKey] = {}
        self._public: dict[str, ECKey] = {}

    async def load(self, database: Database) -> None:
        """Read the keys; the first process of all makes the first one."""
        rows = await KEYS.all(database.reads)
        if not any(row.retires_at is None for row in rows):
            async with database.transaction() as session:
                await ensure_key(session, self._sealer)
            rows = await KEYS.all(database.reads)
        now = utcnow()
        self._rows = [row for row in rows if row.retires_at is None or row.retires_at > now]
        self._public = {row.kid: _public(row) for row in self._rows}
        self._private = {row.kid: self._open(row) for row in self._rows if row.kid not in self._private} | {
            kid: key for kid, key in self._private.items() if kid in self._public
        }

    def signing(self) -> tuple[str, ECKey]:
        """The key that signs now, with its id."""
        now = utcnow()
        kid = next(row.kid for row in self._rows if row.activates_at <= now)
        return kid, self._private[kid]

    def verifying(self, kid: str) -> ECKey | None:
        """The published key of an id; None when it is unknown or retired."""
        key = self._public.get(kid)
        retired = next((row.retires_at for row in self._rows if row.kid == kid), None)
        return None if retired is not None and retired <= utcnow() else key

    def jwks(self) -> dict[str, Sequence[dict[str, Any]]]:
        """The public keys as a JWK Set (RFC 7517 section 5)."""
        return {"keys": [msgspec.json.decode(row.public_jwk, type=dict[str, Any]) for row in self._rows]}

    def _open(self, row: KeyRow) -> ECKey:
        return ECKey.import_key(msgspec.json.decode(self._sealer.open(PURPOSE, row.sealed_private)))


def _public(row: KeyRow) -> ECKey:
    return ECKey.import_key(msgspec.json.decode(row.public_jwk))


async def ensure_key(session: AsyncSession, sealer: Sealer) -> None:
    """Make the first signing key, unless another process just did."""
    await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    if await session.scalar(select(SigningKey.id).where(SigningKey.retires_at.is_(None)).limit(1)) is None:
        session.add(_make(sealer, utcnow()))


async def rotate(session: AsyncSession, sealer: Sealer, *, lead: dt.timedelta, overlap: dt.timedelta) -> str:
    """Add a key that signs after `lead`, so that every process knows it by then, and retire the others.

    The former keys verify for `overlap` beyond that: at least a token's life. Returns the new key's id.
    """
    await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    new = _make(sealer, utcnow() + lead)
    for key in await session.scalars(select(SigningKey).where(SigningKey.retires_at.is_(None))):
        key.retires_at = new.activates_at + overlap
    session.add(new)
    await session.execute(text("select pg_notify(:channel, '')"), {"channel": CHANNEL})
    return new.kid


def _make(sealer: Sealer, activates_at: dt.datetime) -> SigningKey:
    key = ECKey.generate_key("P-256", auto_kid=True, parameters={"use": "sig", "alg": "ES256"})
    private = msgspec.json.encode(key.as_dict(private=True))
    return SigningKey(
        kid=key.kid,
        public_jwk=key.as_dict(private=False),
        sealed_private=sealer.seal(PURPOSE, private),
        activates_at=activates_at,
    )
