import datetime as dt
from collections.abc import Collection, Sequence
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import func, select, text, update

from bedplate.domains.access import is_administrative
from bedplate.domains.accounts.service_accounts import close_service_accounts, open_service_account
from bedplate.domains.audit import Actor, record
from bedplate.domains.keys.errors import TooManyApiKeys
from bedplate.domains.keys.models import ApiKey
from bedplate.domains.keys.resolver import CHANNEL
from bedplate.domains.keys.schemas import ApiKeyPatch, ApiKeyView, IssuedApiKey, NewApiKey
from bedplate.domains.keys.secret import PREFIX, KeySecrets
from bedplate.domains.teams import OWNERS, MemberService, TeamService, require_role
from bedplate.platform.auth.caller import Caller
from bedplate.platform.db import Transaction, new_id, utcnow
from bedplate.platform.errors import FieldError, Invalid, NotFound, invalid

LOCK = text("select pg_advisory_xact_lock(hashtextextended('api-keys:' || :owner, 4))")


class ApiKeyService:
    """API keys: issue, change, rotate, revoke. Each change reaches every process with its commit."""

    def __init__(
        self, session: Transaction, key_secrets: KeySecrets, *, max_age: float, max_keys: int
    ) -> None:
        self._session = session
        self._secrets = key_secrets
        self._max_age = dt.timedelta(seconds=max_age)
        self._max_keys = max_keys

    async def issue(self, new: NewApiKey, caller: Caller, actor: Actor) -> IssuedApiKey:
        """Make a key, one's own or, as one of its owners, a team's.

        Raises:
            Invalid: a scope goes beyond one's own permissions, or the end is past or too far.
            TooManyApiKeys: the person, or the team, has as many as may be.
            NotFound: the team is none of one's own.
            PersonalTeam: keys of one's own are personal already.
            TeamRoleTooLow: one is not its owner.
        """
        _check_scopes(new.scopes, caller.scopes, for_team=new.team_id is not None)
        user_id = caller.user_id
        if new.team_id is not None:
            user_id = await self._service_account(new, new.team_id, caller, actor)
        await self._hold_to_cap(new.team_id, user_id)
        key_id = new_id()
        secret, digest = self._secrets.make(key_id)
        key = ApiKey(
            id=key_id,
            user_id=user_id,
            team_id=new.team_id,
            created_by=caller.user_id,
            name=new.name,
            scopes=sorted(set(new.scopes)),
            digest=digest,
            expires_at=self._end(new.expires_at),
        )
        self._session.add(key)
        await self._session.flush()
        await self._record("api_key.created", key, actor)
        return _issued(key, secret)

    async def to_change(self, key_id: UUID, user_id: UUID) -> ApiKey:
        """Lock a living key for its change: one's own, or as one of its owners a team's.

        Raises:
            NotFound: there is none, it is revoked, or it is somebody else's.
            TeamRoleTooLow: it is one's team's, but one is not its owner.
        """
        statement = select(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).with_for_update()
        key = await self._session.scalar(statement)
        if key is None or (key.team_id is None and key.user_id != user_id):
            raise NotFound
        if key.team_id is not None:
            await require_role(self._session, key.team_id, user_id, OWNERS)
        return key

    async def change(self, key: ApiKey, patch: ApiKeyPatch, caller: Caller, actor: Actor) -> ApiKeyView:
        """Change a key's name, scopes or end; what names none of them is not on record."""
        if patch == ApiKeyPatch():
            return _view(key)
        if patch.name is not UNSET:
            key.name = patch.name
        if patch.scopes is not UNSET:
            _check_scopes(patch.scopes, caller.scopes, for_team=key.team_id is not None)
            key.scopes = sorted(set(patch.scopes))
        if patch.expires_at is not UNSET:
            key.expires_at = self._end(patch.expires_at)
        await self._changed("api_key.updated", key, actor)
        return _view(key)

    async def rotate(self, key: ApiKey, overlap: int, actor: Actor) -> IssuedApiKey:
        """Give a key a new secret; the former one works for `overlap` seconds more."""
        former = key.digest
        secret, key.digest = self._secrets.make(key.id)
        key.former_digest = former if overlap else None
        key.former_until = utcnow() + dt.timedelta(seconds=overlap) if overlap else None
        await self._changed("api_key.rotated", key, actor)
        return _issued(key, secret)

    async def revoke(self, key: ApiKey, actor: Actor) -> None:
        """End a key for good; its row stays, to be seen."""
        key.revoked_at = utcnow()
        if key.team_id is not None:
            await MemberService(self._session).dismiss(key.team_id, key.user_id)
            await close_service_accounts(self._session, [key.user_id])
        await self._changed("api_key.revoked", key, actor)

    async def _hold_to_cap(self, team_id: UUID | None, user_id: UUID) -> None:
        # Of two that are made at once the second counts the first.
        await self._session.execute(LOCK, {"owner": str(team_id or user_id)})
        own = ApiKey.team_id == team_id if team_id else (ApiKey.user_id == user_id) & ApiKey.team_id.is_(None)
        living = select(func.count()).where(own, ApiKey.revoked_at.is_(None), ApiKey.expires_at > utcnow())
        if (await self._session.scalar(living) or 0) >= self._max_keys:
            raise TooManyApiKeys

    async def _service_account(self, new: NewApiKey, team_id: UUID, caller: Caller, actor: Actor) -> UUID:
        await TeamService(session=self._session).shared(team_id, caller.user_id)
        account_id = await open_service_account(self._session, new.name)
        await MemberService(self._session).add(team_id, account_id, new.team_role, actor)
        return account_id

    def _end(self, wished: dt.datetime | None) -> dt.datetime:
        now = utcnow()
        latest = now + self._max_age
        if wished is not None and not now < wished <= latest:
            raise invalid("/expires_at", "range", f"A key ends after now and by {latest:%Y-%m-%dT%H:%M:%SZ}")
        return wished or latest

    async def _changed(self, event: str, key: ApiKey, actor: Actor) -> None:
        await self._session.flush()
        notify = text("select pg_notify(:channel, :key)")
        await self._session.execute(notify, {"channel": CHANNEL, "key": str(key.id)})
        await self._record(event, key, actor)

    async def _record(self, event: str, key: ApiKey, actor: Actor) -> None:
        await record(
            self._session, event, actor, team_id=key.team_id, resource=f"api_key:{key.id}", scopes=key.scopes
        )


def _check_scopes(scopes: Sequence[str], own: Collection[str], *, for_team: bool) -> None:
    errors = [
        FieldError(f"/scopes/{place}", "permission", f"You cannot give {scope} to this key")
        for place, scope in enumerate(scopes)
        if scope not in own or (for_team and is_administrative(scope))
    ]
    if errors:
        raise Invalid("A scope goes beyond what you may give", errors=errors)


def _view(key: ApiKey) -> ApiKeyView:
    return ApiKeyView(
        id=key.id,
        name=key.name,
        prefix=f"{PREFIX}_{key.id.hex}",
        team_id=key.team_id,
        created_by=key.created_by,
        scopes=key.scopes,
        created_at=key.created_at,
        updated_at=key.updated_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
        revoked_at=key.revoked_at,
        version=key.version,
    )


def _issued(key: ApiKey, secret: str) -> IssuedApiKey:
    view = _view(key)
    values = {name: getattr(view, name) for name in view.__struct_fields__}
    return IssuedApiKey(**values, key=secret)


async def end_keys(session: Transaction, user_id: UUID, actor: Actor) -> None:
    """End a person's own keys for good, when he is kept out or leaves; his teams' stay."""
    own = (ApiKey.user_id == user_id, ApiKey.team_id.is_(None), ApiKey.revoked_at.is_(None))
    ended = (
        update(ApiKey)
        .where(*own)
        .values(revoked_at=utcnow(), version=ApiKey.version + 1)
        .returning(ApiKey.id)
        .execution_options(synchronize_session=False)
    )
    for key_id in list(await session.scalars(ended)):
        await record(session, "api_key.revoked", actor, subject=user_id, resource=f"api_key:{key_id}")
