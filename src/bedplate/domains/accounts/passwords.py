import asyncio
import os
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from bedplate.domains.accounts.blocklist import is_common
from bedplate.domains.accounts.breaches import Breaches
from bedplate.domains.accounts.errors import WeakPassword
from bedplate.platform.errors import Unavailable
from bedplate.settings.auth import AuthSettings

MAX_LENGTH = 256
MIN_CONTEXT_WORD = 4
MAX_REPEATS = 0.34
SERVICE = "bedplate"


class Passwords:
    """Argon2id off the event loop, in as many threads as there are cores (it releases the GIL).

    More than `hash_queue` do not wait: whoever comes then is told to try again, and memory stays bounded.
    """

    def __init__(self, settings: AuthSettings, breaches: Breaches | None = None) -> None:
        self._settings = settings
        self._breaches = breaches or Breaches(settings)
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time, memory_cost=settings.argon2_memory, parallelism=1, type=Type.ID
        )
        self._cores = os.cpu_count() or 1
        self._threads = ThreadPoolExecutor(max_workers=self._cores, thread_name_prefix="argon2")
        self._under_way = 0
        # Verified against when there is no account: an unknown address takes as long as a known one.
        self._decoy = self._hasher.hash(os.urandom(16).hex())

    async def hash(self, password: str) -> str:
        """Hash a password, normalised once (NFC).

        Raises:
            Unavailable: too many wait already.
        """
        return await self._run(self._hasher.hash, normalise(password))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one; takes its time also when nothing is stored.

        Raises:
            Unavailable: too many wait already.
        """
        matched = await self._run(self._matches, stored or self._decoy, normalise(password))
        return matched and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with weaker parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    async def accept(self, password: str, *context: str, pointer: str = "/password") -> str:
        """Hold a new password against every rule and hash it.

        Raises:
            WeakPassword: with the rule it breaks.
        """
        self.check_strength(password, SERVICE, *context, pointer=pointer)
        if await self._breaches.known(normalise(password)):
            raise WeakPassword("breached", "This password is known from a data breach", pointer)
        return await self.hash(password)

    def check_strength(self, password: str, *context: str, pointer: str = "/password") -> None:
        """Hold a new password against NIST SP 800-63B-4 section 3.1.1.2: length and a blocklist, no composition.

        Raises:
            WeakPassword: with the rule it breaks.
        """
        text = normalise(password)
        minimum = self._settings.password_min_length
        if len(text) < minimum:
            raise WeakPassword("min_length", f"Use at least {minimum} characters", pointer)
        if len(text) > MAX_LENGTH:
            raise WeakPassword("max_length", f"Use at most {MAX_LENGTH} characters", pointer)
        if is_common(text):
            raise WeakPassword("common", "This password is among the most used ones", pointer)
        if len(set(text)) < max(5, int(len(text) * 0.1)):
            raise WeakPassword("repetitive", "This password repeats too few characters", pointer)
        lowered = text.lower()
        for word in _context_words(context):
            if word in lowered and len(word) >= len(text) * MAX_REPEATS:
                raise WeakPassword(
                    "context", "The password must not be built from your name or address", pointer
                )

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run[*Ts, R](self, function: Callable[[*Ts], R], *arguments: *Ts) -> R:
        if self._under_way >= self._cores + self._settings.hash_queue:
            raise Unavailable("Too many passwords are being checked")
        self._under_way += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        finally:
            self._under_way -= 1

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def normalise(password: str) -> str:
    """NFC-normalise, so that one password typed on two keyboards is one (RFC 8265)."""
    return unicodedata.normalize("NFC", password)


def _context_words(context: tuple[str, ...]) -> set[str]:
    parts = {p for text in context for p in text.lower().replace("@", " ").replace(".", " ").split()}
    return {word for word in parts if len(word) >= MIN_CONTEXT_WORD}
