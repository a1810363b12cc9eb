import base64
import hashlib
import secrets
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from bedplate.domains.factors.models import RecoveryCode
from bedplate.platform.db import Transaction, new_id, utcnow
from bedplate.platform.secrets.seal import Sealer

PURPOSE = "recovery-code"
COUNT, BYTES, GROUP = 10, 10, 4


class RecoveryCodes:
    """Ten codes of 80 bits, shown once, each good once."""

    def __init__(self, session: Transaction, sealer: Sealer) -> None:
        self._session = session
        self._keys = sealer.keys(PURPOSE)

    async def renew(self, user_id: UUID) -> list[str]:
        """Make new codes; the former ones are dead."""
        codes = [_make() for _ in range(COUNT)]
        await self.drop(user_id)
        rows = [
            {
                "id": new_id(),
                "user_id": user_id,
                "created_at": utcnow(),
                "digest": _digest(self._keys[0], user_id, code),
            }
            for code in codes
        ]
        await self._session.execute(insert(RecoveryCode), rows)
        return codes

    async def use(self, user_id: UUID, code: str) -> bool:
        """Use a code up; of two at once, one wins."""
        digests = [_digest(key, user_id, code) for key in self._keys]
        statement = (
            delete(RecoveryCode)
            .where(RecoveryCode.user_id == user_id, RecoveryCode.digest.in_(digests))
            .returning(RecoveryCode.id)
        )
        return await self._session.scalar(statement) is not None

    async def left(self, user_id: UUID) -> int:
        """How many are unused."""
        statement = select(func.count()).where(RecoveryCode.user_id == user_id)
        return await self._session.scalar(statement) or 0

    async def drop(self, user_id: UUID) -> None:
        """Kill an account's codes."""
        await self._session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def _make() -> str:
    text = base64.b32encode(secrets.token_bytes(BYTES)).decode().lower()
    return "-".join(text[i : i + GROUP] for i in range(0, len(text), GROUP))


def _digest(key: bytes, user_id: UUID, code: str) -> bytes:
    plain = "".join(code.lower().split()).replace("-", "")
    return hashlib.blake2b(user_id.bytes + plain.encode(), key=key, digest_size=32).digest()
