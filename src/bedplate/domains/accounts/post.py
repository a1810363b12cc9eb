from uuid import UUID

import msgspec

from bedplate.domains.accounts.deliveries import PURPOSE, Delivery, Sealed, deliver
from bedplate.domains.accounts.letters import LetterName
from bedplate.platform.db import Transaction
from bedplate.platform.jobs import enqueue
from bedplate.platform.secrets.seal import Sealer


class Post:
    """Orders letters, in the transaction of what they tell; a job writes and sends them."""

    def __init__(self, session: Transaction, sealer: Sealer) -> None:
        self._session = session
        self._sealer = sealer

    def within(self, session: Transaction) -> "Post":
        """The same, in another transaction."""
        return Post(session, self._sealer)

    async def send(
        self, letter: LetterName, account_id: UUID, *, to: str = "", token: str = "", **values: str
    ) -> None:
        """Order a letter to an account's address, or to another; all but ids is sealed in the job's payload."""
        sealed = msgspec.json.encode(Sealed(to=to, token=token, values=values))
        delivery = Delivery(
            account_id=account_id, letter=letter, sealed=self._sealer.seal(PURPOSE, sealed).decode()
        )
        await enqueue(self._session, deliver, delivery)
