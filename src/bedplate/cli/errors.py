from bedplate.settings import Settings


class CommandError(Exception):
    """A command cannot go on; the message is one line that says what to do."""


def require_servers(settings: Settings) -> Settings:
    """Hold a command that serves or works to settings that name its servers.

    Raises:
        CommandError: a URL is missing.
    """
    if not (settings.database.url and settings.redis.url):
        raise CommandError("Set BEDPLATE_DATABASE_URL and BEDPLATE_REDIS_URL, or run `bedplate up`")
    return settings
