from uuid import UUID

import msgspec

from bedplate.domains.sessions.devices import Devices
from bedplate.platform.limits import Attempt, SignInGuard


class BackOff(msgspec.Struct, frozen=True):
    """The sign-in guard as one request meets it: from which network, on which device."""

    guard: SignInGuard
    devices: Devices
    network: str
    device: str | None

    async def begin(self, email: str, account_id: UUID | None) -> Attempt:
        """Count an attempt at an account, known or not; the owner's own device has its own allowance.

        Raises:
            TooManyRequests: too many failed.
        """
        known = account_id is not None and self.devices.known(self.device, account_id)
        return await self.guard.begin(email, self.network, device=self.device if known else None)
