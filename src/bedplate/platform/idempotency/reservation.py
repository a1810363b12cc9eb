import hashlib
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import msgspec
from litestar import Response
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bedplate.platform.idempotency.errors import InFlight, KeyReused
from bedplate.platform.idempotency.models import IdempotencyKey

KEPT_HEADERS = frozenset({"location", "etag", "content-type", "link"})


class StoredAnswer(Exception):  # noqa: N818 - an answer, not an error
    """A twin was done already: its answer is to be sent instead of doing it again."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


class Pending:
    """A POST with a key that is being done: who, which key, what request, and at the end its answer."""

    __slots__ = ("answer", "caller_id", "fingerprint", "key", "status")

    def __init__(self, caller_id: UUID, key: str, fingerprint: bytes, status: int) -> None:
        self.caller_id = caller_id
        self.key = key
        self.fingerprint = fingerprint
        self.status = status
        self.answer: Response[Any] | None = None


PENDING: ContextVar[Pending | None] = ContextVar("idempotency", default=None)


async def reserve(session: AsyncSession) -> None:
    """Hold the key of the request at hand for the length of its transaction.

    Raises:
        InFlight: a twin holds it now.
        StoredAnswer: a twin is done.
        KeyReused: the key was used for another request.
    """
    pending = PENDING.get()
    if pending is None:
        return
    held = await session.scalar(text("select pg_try_advisory_xact_lock(:lock)"), {"lock": _lock(pending)})
    if not held:
        raise InFlight
    statement = select(
        IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.headers, IdempotencyKey.body
    ).where(IdempotencyKey.caller_id == pending.caller_id, IdempotencyKey.key == pending.key)
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        return
    if found.fingerprint != pending.fingerprint:
        raise KeyReused
    raise StoredAnswer(found.status, found.headers, found.body)


async def remember_answer(response: Response[Any]) -> Response[Any]:
    """Note the answer of a keyed request; Litestar calls it before the transaction is committed."""
    pending = PENDING.get()
    if pending is not None:
        pending.answer = response
    return response


async def store(session: AsyncSession) -> None:
    """Write the answer beside its effects, in the same transaction."""
    pending = PENDING.get()
    if pending is None or pending.answer is None:
        return
    answer = pending.answer
    await session.execute(
        insert(IdempotencyKey).values(
            caller_id=pending.caller_id,
            key=pending.key,
            fingerprint=pending.fingerprint,
            status=answer.status_code or pending.status,
            headers={n: v for n, v in answer.headers.items() if n.lower() in KEPT_HEADERS},
            body=b"" if answer.content is None else _encoded(answer.content),
        )
    )


def _encoded(content: object) -> bytes:
    return content if isinstance(content, bytes) else msgspec.json.encode(content)


def _lock(pending: Pending) -> int:
    digest = hashlib.blake2b(pending.key.encode(), key=pending.caller_id.bytes, digest_size=8).digest()
    return int.from_bytes(digest, signed=True)
