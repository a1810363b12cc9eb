"""Every fault of the settings is told at once, in words of who wrote them, and none shows a secret."""

from pathlib import Path

import pytest

from bedplate.settings.load import SettingsError, load_settings

NONE = Path("/nonexistent/.env")


def faults(**environ: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings({f"BEDPLATE_{name}": value for name, value in environ.items()}, NONE)
    return caught.value.faults


def test_all_faults_stand_in_one_message() -> None:
    said = faults(
        HTTP_PORT="eighty",
        HTTP_WORKERS="0",
        HTTP_PRT="1",
        TELEMETRY_SAMPLE_RATIO="nan",
        TELEMETRY_LOG_LEVEL="loud",
        DATABASE_POOLED="maybe",
    )
    assert said == [
        "BEDPLATE_HTTP_PORT: 'eighty' is not a whole number",
        "BEDPLATE_HTTP_WORKERS: Expected `int` >= 1, got '0'",
        "BEDPLATE_DATABASE_POOLED: 'maybe' is not true or false",
        "BEDPLATE_TELEMETRY_SAMPLE_RATIO: Expected `float` >= 0.0, got 'nan'",
        "BEDPLATE_TELEMETRY_LOG_LEVEL: 'loud' is none of debug, info, warning, error",
        "BEDPLATE_HTTP_PRT: no such setting; is it BEDPLATE_HTTP_PORT?",
    ]


def test_limits_that_cannot_be_read_are_told_with_the_others() -> None:
    said = faults(HTTP_WORKERS="0", LIMITS_OVERRIDES="read=600/60,write=many")
    assert said[1:] == ["BEDPLATE_LIMITS_OVERRIDES: 'write=many' is not `name=quota/seconds`"]


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("no", False), ("Off", False)]
)
def test_the_words_for_true_and_false(text: str, *, value: bool) -> None:
    assert load_settings({"BEDPLATE_LIMITS_ENABLED": text}, NONE).limits.enabled is value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://user:hidden@db/x"),
        ("DATABASE_OWNER_URL", "user:hidden@db"),
        ("DATABASE_REPLICA_URL", "postgresql://"),
        ("DATABASE_URL", "postgresql://user:hidden@[db/x"),
        ("DATABASE_URL", "postgresql://user:hidden@a:5432,b:port/x"),
        ("REDIS_URL", "localhost:6379"),
        ("MAIL_SMTP_URL", "mail.internal:hidden"),
        ("HTTP_PUBLIC_URL", "api.team.example"),
        ("HTTP_ALLOWED_ORIGINS", "https://a.example,https://b.example/page"),
        ("HTTP_ALLOWED_ORIGINS", "*"),
        ("HTTP_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("TELEMETRY_OTLP_ENDPOINT", "collector:4318"),
    ],
)
def test_what_is_no_address(name: str, value: str) -> None:
    [said] = faults(**{name: value})
    assert said.startswith(f"BEDPLATE_{name}: ")
    assert "hidden" not in said


def test_addresses_that_are_some() -> None:
    environ = {
        "BEDPLATE_DATABASE_URL": "postgres://a:p@[::1]:5432,b/c?host=/run/postgresql",
        "BEDPLATE_REDIS_URL": "redis+sentinel://a:26379,b/service/0",
        "BEDPLATE_MAIL_SMTP_URL": "smtps://user:x@mail",
        "BEDPLATE_HTTP_PUBLIC_URL": "http://127.0.0.1:8000",
        "BEDPLATE_HTTP_ALLOWED_ORIGINS": "https://a.example, http://[::1]:3000/",
        "BEDPLATE_HTTP_TRUSTED_PROXIES": "10.1.2.3/8, ::1",
        "BEDPLATE_TELEMETRY_OTLP_ENDPOINT": "collector:4317",
        "BEDPLATE_TELEMETRY_OTLP_PROTOCOL": "grpc",
    }
    assert load_settings(environ, NONE).http.allowed_origins == ("https://a.example", "http://[::1]:3000/")
