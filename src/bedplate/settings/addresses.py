from collections.abc import Iterator
from ipaddress import ip_network
from urllib.parse import urlsplit

from bedplate.settings import Settings

POSTGRES = ("postgresql", "postgres")
REDIS = ("redis", "rediss", "unix", "redis+sentinel", "redis+cluster")
SMTP = ("smtp", "smtps")
HTTP = ("http", "https")


def address_faults(settings: Settings) -> list[str]:
    """Which URLs, origins and networks are none, each fault naming its setting; what is empty is not asked.

    No fault shows a URL that may hold a password.
    """
    database = settings.database
    secrets = (
        ("DATABASE_URL", database.url, POSTGRES),
        ("DATABASE_OWNER_URL", database.owner_url, POSTGRES),
        ("DATABASE_LISTEN_URL", database.listen_url, POSTGRES),
        ("DATABASE_REPLICA_URL", database.replica_url, POSTGRES),
        ("REDIS_URL", settings.redis.url, REDIS),
        ("MAIL_SMTP_URL", settings.mail.smtp_url, SMTP),
    )
    return [
        *(
            f"BEDPLATE_{name}: is no URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
            for name, url, schemes in secrets
            if url and not _is_url(url.reveal(), schemes)
        ),
        *_http_faults(settings),
    ]


def _http_faults(settings: Settings) -> Iterator[str]:
    http = settings.http
    if http.public_url and not (_is_url(http.public_url, HTTP) and urlsplit(http.public_url).netloc):
        yield f"BEDPLATE_HTTP_PUBLIC_URL: {http.public_url!r} is no origin such as https://api.team.example"
    for origin in http.allowed_origins:
        if not _is_origin(origin):
            yield f"BEDPLATE_HTTP_ALLOWED_ORIGINS: {origin!r} is no origin such as https://app.team.example"
    for network in http.trusted_proxies:
        if not _is_network(network):
            yield f"BEDPLATE_HTTP_TRUSTED_PROXIES: {network!r} is no network such as 10.0.0.0/8"
    endpoint = settings.telemetry.otlp_endpoint
    # Over grpc, OpenTelemetry takes `host:port` too.
    if endpoint and settings.telemetry.otlp_protocol == "http/protobuf" and not _is_url(endpoint, HTTP):
        yield f"BEDPLATE_TELEMETRY_OTLP_ENDPOINT: {endpoint!r} does not begin with http:// or https://"


def _is_url(text: str, schemes: tuple[str, ...]) -> bool:
    scheme, separator, rest = text.partition("://")
    try:
        hosts = urlsplit(text).netloc.rpartition("@")[2].split(",")
    except ValueError:
        return False
    ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts]
    return scheme in schemes and bool(separator and rest) and all(port.isdigit() for port in ports if port)


def _is_origin(text: str) -> bool:
    # Browsers send an origin bare: one with a path is never met, and `*` would let any page call as its reader.
    bare = text.rstrip("/")
    return _is_url(bare, HTTP) and bare.count("/") == len("//") and not set("?#@*") & set(bare)


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
