"""One typed tree of settings, validated when the process starts."""

import msgspec

from bedplate.settings.admin import AdminSettings
from bedplate.settings.auth import AuthSettings
from bedplate.settings.cache import CacheSettings
from bedplate.settings.database import DatabaseSettings
from bedplate.settings.http import HttpSettings
from bedplate.settings.jobs import JobsSettings
from bedplate.settings.limits import LimitsSettings
from bedplate.settings.mail import MailSettings
from bedplate.settings.oidc import OidcSettings
from bedplate.settings.redis import RedisSettings
from bedplate.settings.secret import Secret
from bedplate.settings.service import ServiceSettings
from bedplate.settings.telemetry import TelemetrySettings
from bedplate.settings.vault import VaultSettings


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The whole tree; a section a concern, an environment variable `BEDPLATE_<SECTION>_<FIELD>` a field."""

    service: ServiceSettings = ServiceSettings()
    http: HttpSettings = HttpSettings()
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    auth: AuthSettings = AuthSettings()
    admin: AdminSettings = AdminSettings()
    limits: LimitsSettings = LimitsSettings()
    cache: CacheSettings = CacheSettings()
    jobs: JobsSettings = JobsSettings()
    mail: MailSettings = MailSettings()
    oidc: OidcSettings = OidcSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    vault: VaultSettings = VaultSettings()


__all__ = ["Secret", "Settings"]
