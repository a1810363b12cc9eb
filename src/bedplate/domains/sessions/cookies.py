import base64
import datetime as dt
import hashlib
import hmac
import time
from collections import OrderedDict
from uuid import UUID

from sqlalchemy import bindparam, select

from bedplate.domains.access import AccessService, hold_grants
from bedplate.domains.accounts import AccountService
from bedplate.domains.sessions.models import AuthSession
from bedplate.platform.auth.caller import Caller
from bedplate.platform.auth.revocation import Revocations
from bedplate.platform.auth.tokens import InvalidToken, Verified
from bedplate.platform.db import Database, utcnow
from bedplate.platform.secrets.seal import Sealer
from bedplate.settings.auth import AuthSettings

PURPOSE = "cookie"
COOKIE = "__Host-bedplate"
ID_LENGTH, MAC_LENGTH = 16, 32
MAX_LENGTH = 128


LIVING = (
    select(AuthSession.id, AuthSession.user_id, AuthSession.nonce, AuthSession.authenticated_at)
    .where(
        AuthSession.id == bindparam("id"),
        AuthSession.revoked_at.is_(None),
        AuthSession.expires_at > bindparam("now"),
        AuthSession.idle_expires_at > bindparam("now"),
    )
    .with_for_update(read=True)
)
TOUCH = """
update auth_session set rotated_at = $2, idle_expires_at = $3
where id = $1 and revoked_at is null and rotated_at < $4
"""


class Cookies:
    """Browser sessions: an opaque cookie that names a session, held in memory for an access token's life.

    What is held dies by the same revocations as access tokens do, and is then read anew.
    """

    def __init__(
        self, sealer: Sealer, database: Database, revocations: Revocations, settings: AuthSettings
    ) -> None:
        self._keys = sealer.keys(PURPOSE)
        self._database = database
        self._revocations = revocations
        self._settings = settings
        self._held: OrderedDict[str, Verified] = OrderedDict()

    def make(self, session_id: UUID, nonce: bytes) -> str:
        """The cookie's value of a session."""
        raw = session_id.bytes + _mac(self._keys[0], session_id, nonce)
        return base64.urlsafe_b64encode(raw).decode()

    async def caller(self, cookie: str) -> Caller:
        """Tell whose cookie it is.

        Raises:
            InvalidToken: its session is unknown, ended or too old.
        """
        held = self._held.get(cookie)
        if held is not None and held.expires > time.time():
            try:
                await self._revocations.check(held)
            except InvalidToken:
                del self._held[cookie]
            else:
                return held.caller
        verified = await self._load(cookie)
        self._held[cookie] = verified
        if len(self._held) > self._settings.token_cache_size:
            self._held.popitem(last=False)
        return verified.caller

    async def _load(self, cookie: str) -> Verified:
        session_id, mac = _parse(cookie)
        async with self._database.transaction() as session:
            # With these held nothing is being revoked: what is, later on, is younger than `issued`.
            await hold_grants(session)
            row = (await session.execute(LIVING, {"id": session_id, "now": utcnow()})).one_or_none()
            issued = int(time.time() * 1000)
            if row is None or not any(
                hmac.compare_digest(_mac(key, session_id, row.nonce), mac) for key in self._keys
            ):
                raise InvalidToken
            account = await AccountService(session=session).hold_usable(row.user_id)
            if account is None:
                raise InvalidToken
            verified = account.email_verified_at is not None
            grants = await AccessService(session=session).grants(row.user_id)
        await self._touch(session_id)
        caller = Caller(
            user_id=row.user_id,
            session_id=row.id,
            roles=frozenset(grants.roles),
            scopes=frozenset(grants.scopes),
            email_verified=verified,
            authenticated_at=row.authenticated_at,
        )
        return Verified(caller, issued, time.time() + self._settings.access_token_ttl)

    async def _touch(self, session_id: UUID) -> None:
        now, idle = utcnow(), dt.timedelta(seconds=self._settings.refresh_idle_ttl)
        fresh = now - dt.timedelta(seconds=self._settings.access_token_ttl / 2)
        await self._database.reads.fetch(TOUCH, session_id, now, now + idle, fresh)


def _parse(cookie: str) -> tuple[UUID, bytes]:
    try:
        raw = base64.b64decode(cookie, altchars=b"-_", validate=True) if len(cookie) <= MAX_LENGTH else b""
    except ValueError:
        raw = b""
    if len(raw) != ID_LENGTH + MAC_LENGTH:
        raise InvalidToken
    return UUID(bytes=raw[:ID_LENGTH]), raw[ID_LENGTH:]


def _mac(key: bytes, session_id: UUID, nonce: bytes) -> bytes:
    return hashlib.blake2b(session_id.bytes + nonce, key=key, digest_size=MAC_LENGTH).digest()
