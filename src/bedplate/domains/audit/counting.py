from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import event as hooks
from sqlalchemy.orm import Session, SessionTransaction

from bedplate.platform.db import Transaction, after_commit
from bedplate.platform.telemetry.tallies import count, is_counted

type Noted = tuple[SessionTransaction | None, str, Mapping[str, object]]

_NOTED = "tallies"


def count_once_committed(session: Transaction, event: str, data: Mapping[str, object]) -> None:
    """Have an event counted when its transaction is committed, and not when it or its savepoint is undone."""
    if not is_counted(event):
        return
    noted = cast("list[Noted]", session.info.setdefault(_NOTED, []))
    if not noted:

        async def count_all() -> None:
            for _, name, told in noted:
                count(name, told)
            noted.clear()

        after_commit(session, count_all)
    noted.append((session.sync_session.get_nested_transaction(), event, data))


@hooks.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, undone: SessionTransaction) -> None:
    # A sign-up for a known address does all that a new one does in a savepoint, and undoes it.
    noted: list[Noted] | None = session.info.get(_NOTED)
    if noted:
        whole = undone.parent is None
        noted[:] = [] if whole else [one for one in noted if not _within(one[0], undone)]


def _within(savepoint: Any, undone: SessionTransaction) -> bool:
    while savepoint is not None:
        if savepoint is undone:
            return True
        savepoint = savepoint.parent
    return False
