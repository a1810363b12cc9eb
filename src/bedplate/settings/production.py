from bedplate.settings import Settings

WEAK_SECRETS = ("changeme", "secret", "password", "default", "example")
MIN_SECRET_LENGTH = 32
MIN_ARGON2_MEMORY, MIN_ARGON2_TIME = 19_456, 2
MIN_DISTINCT_CHARACTERS = 10


def production_faults(settings: Settings) -> list[str]:
    """What would make a production start unsafe, each fault naming its setting."""
    if settings.service.environment != "production":
        return []
    faults: list[str] = []
    for name, secret in (
        ("BEDPLATE_DATABASE_URL", settings.database.url),
        ("BEDPLATE_REDIS_URL", settings.redis.url),
        ("BEDPLATE_AUTH_SECRET", settings.auth.secret),
    ):
        if not secret:
            faults.append(f"{name}: required in production")
    if settings.auth.secret and is_weak(settings.auth.secret.reveal()):
        faults.append(
            "BEDPLATE_AUTH_SECRET: weak; use 32 random characters or more, e.g. `openssl rand -base64 48`"
        )
    if not settings.mail.smtp_url:
        faults.append("BEDPLATE_MAIL_SMTP_URL: required in production, where nobody reads the mailbox page")
    if settings.oidc.allow_private_networks:
        faults.append("BEDPLATE_OIDC_ALLOW_PRIVATE_NETWORKS: not in production")
    if settings.auth.argon2_memory < MIN_ARGON2_MEMORY or settings.auth.argon2_time < MIN_ARGON2_TIME:
        faults.append("BEDPLATE_AUTH_ARGON2_MEMORY, _TIME: below 19456 KiB and 2 passes (OWASP ASVS 11.4.2)")
    if not settings.http.public_url:
        faults.append("BEDPLATE_HTTP_PUBLIC_URL: required in production, it is the issuer of tokens")
    return faults


def is_weak(secret: str) -> bool:
    """Whether a secret is short, repetitive or built from a well-known word."""
    return (
        len(secret) < MIN_SECRET_LENGTH
        or len(set(secret)) < MIN_DISTINCT_CHARACTERS
        or any(word in secret.lower() for word in WEAK_SECRETS)
    )
