import secrets
from collections.abc import Awaitable, Callable

import httpx
import pytest
from litestar import Litestar

from bedplate.settings.load import SettingsError, load_settings
from fixtures.mail import Letter
from fixtures.people import Person, log_in

pytestmark = pytest.mark.security

GOOD = {
    "BEDPLATE_SERVICE_ENVIRONMENT": "production",
    "BEDPLATE_DATABASE_URL": "postgresql://bedplate@db.internal/bedplate",
    "BEDPLATE_REDIS_URL": "rediss://redis.internal:6379/0",
    "BEDPLATE_AUTH_SECRET": secrets.token_urlsafe(48),
    "BEDPLATE_HTTP_PUBLIC_URL": "https://api.team.example",
    "BEDPLATE_MAIL_SMTP_URL": "smtps://mailer:pass@mail.internal",
}


async def test_row_29_no_secret_and_no_address_in_logs_metrics_or_job_payloads(
    asgi: httpx.AsyncClient,
    app: Litestar,
    letter: Letter,
    run_jobs: Callable[[], Awaitable[None]],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    canary = secrets.token_hex(6)
    email, password = f"canary-{canary}@team.example", f"canary {canary} phrase one"
    person = await canary_sign_up(asgi, email, password)
    await asgi.post("/v1/auth/login", json={"email": email, "password": password + "x"})
    await asgi.post("/v1/auth/password/forgot", json={"email": email})
    token = (await letter(email, "reset your password")).token
    body = {"token": token, "password": password + " two"}
    assert (await asgi.post("/v1/auth/password/reset", json=body)).status_code == 204
    await run_jobs()
    metrics = (await asgi.get("/metrics")).text
    rows = await app.state.database.reads.fetch(
        "select payload::text || coalesce(result::text, '') || coalesce(error, '') from job"
    )
    written = capfd.readouterr()
    places = {
        "logs": written.out + written.err + caplog.text,
        "metrics": metrics,
        "payloads": "\n".join(row[0] for row in rows),
    }
    kept = (canary, email, password, token, person.access_token, person.refresh_token)
    for place, text in places.items():
        assert text, place
        assert not [secret for secret in kept if secret in text], place


async def canary_sign_up(asgi: httpx.AsyncClient, email: str, password: str) -> Person:
    await asgi.post("/v1/auth/signup", json={"email": email, "password": password, "name": "Person"})
    return await log_in(asgi, email, password)


def test_row_30_a_complete_production_start_is_accepted() -> None:
    assert load_settings(GOOD).service.environment == "production"


@pytest.mark.parametrize("name", [name for name in GOOD if name != "BEDPLATE_SERVICE_ENVIRONMENT"])
def test_row_30_a_production_start_names_what_is_missing(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load_settings({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize("weak", ["short", "a" * 64, "changeme" * 8, "secret-" + "0123456789abcdef" * 3])
def test_row_30_a_weak_secret_is_refused_and_not_shown(weak: str) -> None:
    with pytest.raises(SettingsError, match="BEDPLATE_AUTH_SECRET") as refused:
        load_settings({**GOOD, "BEDPLATE_AUTH_SECRET": weak})
    assert weak not in str(refused.value)


def test_row_30_secrets_come_from_files_and_from_a_folder(tmp_path: pytest.TempPathFactory) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path)) / "secrets"
    folder.mkdir()
    (folder / "auth_secret").write_text(GOOD["BEDPLATE_AUTH_SECRET"] + "\n")
    single = Path(str(tmp_path)) / "url"
    single.write_text(GOOD["BEDPLATE_DATABASE_URL"])
    environment = {
        **{k: v for k, v in GOOD.items() if k not in {"BEDPLATE_AUTH_SECRET", "BEDPLATE_DATABASE_URL"}},
        "BEDPLATE_SERVICE_SECRETS_DIR": str(folder),
        "BEDPLATE_DATABASE_URL_FILE": str(single),
    }
    settings = load_settings(environment)
    assert settings.auth.secret.reveal() == GOOD["BEDPLATE_AUTH_SECRET"]
    assert settings.database.url.reveal() == GOOD["BEDPLATE_DATABASE_URL"]
    assert GOOD["BEDPLATE_AUTH_SECRET"] not in repr(settings)


def test_row_30_a_providers_secret_is_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_SECRET", "the real one")
    provider = '[{"name":"house","issuer":"https://op.example","client_id":"x","client_secret":"%s"}]'
    for reference in ("the real one", "env:MISSING", "file:/nowhere/at/all"):
        with pytest.raises(SettingsError, match="BEDPLATE_OIDC_PROVIDERS"):
            load_settings({**GOOD, "BEDPLATE_OIDC_PROVIDERS": provider % reference})
    load_settings({**GOOD, "BEDPLATE_OIDC_PROVIDERS": provider % "env:HOUSE_SECRET"})
