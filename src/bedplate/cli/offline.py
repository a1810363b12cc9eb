import msgspec

from bedplate.settings import Secret, Settings

UNUSED = Secret("nothing is sealed with this: no server is reached")


def offline_settings() -> Settings:
    """Settings that build the application without reaching any server."""
    defaults = Settings()
    return msgspec.structs.replace(
        defaults,
        database=msgspec.structs.replace(defaults.database, url=Secret("postgresql://")),
        redis=msgspec.structs.replace(defaults.redis, url=Secret("redis://")),
        auth=msgspec.structs.replace(defaults.auth, secret=UNUSED),
    )
