import hashlib
import logging

import httpx

from bedplate.settings.auth import AuthSettings

PREFIX_LENGTH = 5
OK = 200
logger = logging.getLogger(__name__)


class Breaches:
    """Asks a range service whether a password is known from a breach, telling it 20 bits of a digest alone.

    Answers are padded, so that their length tells nothing either. Off unless a service is configured, and
    a service that does not answer lets the password pass: it must not be able to stop sign-up.
    """

    def __init__(self, settings: AuthSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._transport = transport

    async def known(self, password: str) -> bool:
        """Whether the password was seen in a breach."""
        url = self._settings.breach_range_url
        if not url:
            return False
        # The service's protocol is SHA-1 of the password; nothing here relies on its strength.
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            async with httpx.AsyncClient(
                timeout=self._settings.breach_timeout, transport=self._transport
            ) as client:
                answer = await client.get(url + digest[:PREFIX_LENGTH], headers={"Add-Padding": "true"})
        except httpx.HTTPError as error:
            logger.warning("the breached-password service does not answer (%s)", type(error).__name__)
            return False
        return answer.status_code == OK and _seen(answer.text, digest[PREFIX_LENGTH:])


def _seen(body: str, rest: str) -> bool:
    # A padded line has the count 0.
    pairs = (line.strip().partition(":") for line in body.splitlines())
    return any(suffix == rest and count.strip() not in {"", "0"} for suffix, _, count in pairs)
