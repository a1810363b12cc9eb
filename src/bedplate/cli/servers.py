"""The servers that a command looks into: those that are named, else those that `bedplate up` runs here."""

from pathlib import Path

import msgspec

from bedplate.cli.errors import CommandError
from bedplate.settings import Secret, Settings
from bedplate.settings.load import load_settings

DATA_DIR = Path(".bedplate")


def database_settings() -> Settings:
    """The settings of a command that needs the database.

    Raises:
        CommandError: none is named, and none runs here.
    """
    settings = found_settings()
    if not settings.database.url:
        raise CommandError(_missing("BEDPLATE_DATABASE_URL"))
    return settings


def redis_settings() -> Settings:
    """The settings of a command that needs Redis.

    Raises:
        CommandError: none is named, and none runs here.
    """
    settings = found_settings()
    if not settings.redis.url:
        raise CommandError(_missing("BEDPLATE_REDIS_URL"))
    return settings


def found_settings(data_dir: Path = DATA_DIR) -> Settings:
    """The settings, completed by the servers and the secret of `bedplate up` where they name none."""
    settings = load_settings()
    database, redis, auth = settings.database, settings.redis, settings.auth
    if (database.url and redis.url) or not data_dir.is_dir():
        return settings
    from bedplate.platform.embedded import running

    urls = running(data_dir)
    if urls is None:
        return settings
    if not database.url:
        owner = database.owner_url or Secret(urls.owner_url)
        database = msgspec.structs.replace(database, url=Secret(urls.database_url), owner_url=owner)
    if not redis.url:
        redis = msgspec.structs.replace(redis, url=Secret(urls.redis_url))
    if not auth.secret:
        auth = msgspec.structs.replace(auth, secret=Secret(_kept_secret(data_dir)))
    return msgspec.structs.replace(settings, database=database, redis=redis, auth=auth)


def _kept_secret(data_dir: Path) -> str:
    try:
        return (data_dir / "secret").read_text("ascii").strip()
    except OSError:
        return ""


def _missing(name: str) -> str:
    return f"Set {name}, or run `bedplate up` in this folder and call this command beside it"
