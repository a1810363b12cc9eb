import asyncio
import datetime as dt
import hashlib
import logging
import time
from collections import OrderedDict
from uuid import UUID

import msgspec
from sqlalchemy import or_, update

from bedplate.domains.access.reads import GRANTS
from bedplate.domains.keys.errors import InvalidApiKey
from bedplate.domains.keys.models import ApiKey
from bedplate.domains.keys.reads import KEY_IN_USE, KeyRow
from bedplate.domains.keys.secret import KeySecrets, Presented
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Database, utcnow
from bedplate.platform.db.listen import Listener

CHANNEL = "bedplate_api_keys"
# Seconds: how long an answer is held at most, and how often a key's last use is noted.
MAX_AGE = 60.0
NOTE_EVERY = 60.0
CACHE_SIZE = 10_000
logger = logging.getLogger(__name__)


class Held(msgspec.Struct):
    """A resolved key, held until `expires` (epoch seconds); `noted` is when its use was last written."""

    caller: Caller
    expires: float
    noted: float = 0.0


class ApiKeys:
    """Resolves API keys to callers for `Authenticator`: held, bounded, while the push would tell of a change.

    A message about a key or about the person it acts as drops what is held of him; while the push is
    silent each request asks PostgreSQL.
    """

    def __init__(self, database: Database, key_secrets: KeySecrets) -> None:
        self._database = database
        self._secrets = key_secrets
        self._held: OrderedDict[bytes, Held] = OrderedDict()
        self._changes = 0
        self._writes: set[asyncio.Task[None]] = set()
        self.listener: Listener | None = None

    async def __call__(self, credential: str) -> Caller:
        """Verify a key.

        Raises:
            InvalidApiKey: malformed, unknown, revoked, expired, or whom it acts as is disabled or gone.
        """
        place = hashlib.blake2b(credential.encode(), digest_size=32).digest()
        pushed = self.listener is not None and self.listener.alive
        held = self._held.get(place) if pushed else None
        if held is None or held.expires <= time.time():
            held = await self._resolve(credential, place, hold=pushed)
        self._note_use(held)
        return held.caller

    async def on_message(self, payload: str) -> None:
        """Take a push: a key's or a person's id, and what may follow it."""
        changed = UUID(payload.partition(" ")[0])
        self._changes += 1
        stale = [p for p, h in self._held.items() if changed in {h.caller.key_id, h.caller.user_id}]
        for place in stale:
            del self._held[place]

    def forget(self) -> None:
        """Drop all that is held: the push was silent, so anything may have changed."""
        self._changes += 1
        self._held.clear()

    async def close(self) -> None:
        """Wait for the last uses to be written."""
        await asyncio.gather(*self._writes, return_exceptions=True)

    async def _resolve(self, credential: str, place: bytes, *, hold: bool) -> Held:
        presented = self._secrets.parse(credential)
        before = self._changes
        row = await KEY_IN_USE.first(self._database.reads, id=presented.key_id)
        if row is None:
            raise InvalidApiKey
        expires = self._expiry(presented, row)
        caller = await self._caller(presented, row)
        held = Held(caller, min(expires, time.time() + MAX_AGE))
        # A change that was told while we read may be one that we did not see.
        if hold and self._changes == before:
            self._held[place] = held
            if len(self._held) > CACHE_SIZE:
                self._held.popitem(last=False)
        return held

    def _expiry(self, presented: Presented, row: KeyRow) -> float:
        if self._secrets.genuine(presented, row.digest):
            return row.expires_at.timestamp()
        until = min(row.expires_at, row.former_until).timestamp() if row.former_until else 0.0
        if until > time.time() and self._secrets.genuine(presented, row.former_digest):
            return until
        raise InvalidApiKey

    async def _caller(self, presented: Presented, row: KeyRow) -> Caller:
        grants = await GRANTS.all(self._database.reads, user_id=row.user_id)
        own = {permission for grant in grants for permission in grant.permissions}
        return Caller(
            user_id=row.user_id,
            kind="api_key",
            key_id=presented.key_id,
            team_id=row.team_id,
            roles=frozenset(grant.role for grant in grants),
            scopes=frozenset(own.intersection(row.scopes)),
            email_verified=row.email_verified,
        )

    def _note_use(self, held: Held) -> None:
        now = time.time()
        if held.caller.key_id is None or now - held.noted < NOTE_EVERY:
            return
        held.noted = now
        write = asyncio.create_task(self._write_use(held.caller.key_id))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    async def _write_use(self, key_id: UUID) -> None:
        now = utcnow()
        due = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - dt.timedelta(seconds=NOTE_EVERY))
        statement = (
            update(ApiKey)
            .where(ApiKey.id == key_id, due)
            .values(last_used_at=now, updated_at=ApiKey.updated_at, version=ApiKey.version)
            .execution_options(synchronize_session=False)
        )
        try:
            async with self._database.transaction() as session:
                await session.execute(statement)
        except Exception:
            # The next minute's use is noted instead; the request it belongs to has long been answered.
            logger.warning("the last use of an API key was not noted", exc_info=True)
