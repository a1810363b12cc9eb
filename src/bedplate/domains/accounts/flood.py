import datetime as dt
from typing import Literal
from uuid import UUID

from sqlalchemy import case
from sqlalchemy.dialects.postgresql import insert

from bedplate.domains.accounts.models import LetterCount
from bedplate.platform.db import Transaction, utcnow

type Flooding = Literal["verify_email", "change_email", "reset_password", "signup_known", "change_known"]
"""The letters that somebody else can cause, as often as he likes."""

WINDOW = dt.timedelta(hours=1)


async def may_send(session: Transaction, account_id: UUID, letter: Flooding, most: int) -> bool:
    """Count a letter to an account; False beyond `most` an hour, and then it is not to be sent.

    It is no refusal: whoever asks is answered alike, or the answer would tell that there is an account.
    """
    now = utcnow()
    row = insert(LetterCount).values(account_id=account_id, letter=letter, since=now, sent=1)
    over = LetterCount.since < now - WINDOW
    statement = row.on_conflict_do_update(
        index_elements=["account_id", "letter"],
        set_={
            "since": case((over, now), else_=LetterCount.since),
            "sent": case((over, 1), else_=LetterCount.sent + 1),
        },
    ).returning(LetterCount.sent)
    return (await session.scalar(statement) or 0) <= most
