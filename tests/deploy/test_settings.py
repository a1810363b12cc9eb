"""Whatever deploy/ and the Containerfile set is a setting, and together they make a start that production accepts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bedplate.settings.load import load_settings, setting_names

sys.path.insert(0, str(Path(__file__).parent))

from documents import DEPLOY, KUBERNETES, ROOT, SETTING, compose, resources

# Not settings of the service: what compose.yaml itself is given.
OF_COMPOSE = {"BEDPLATE_PUBLIC_ORIGIN"}
FILES = [
    path
    for path in (ROOT / "Containerfile", *sorted(DEPLOY.rglob("*")))
    if path.is_file() and "secrets" not in path.relative_to(ROOT).parts and path.suffix != ".pyc"
]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_variable_is_a_setting(file: Path) -> None:
    known = {*setting_names(), *OF_COMPOSE}
    named = set(SETTING.findall(file.read_text("utf-8")))
    assert {name for name in named if name.removesuffix("_FILE") not in known} == set()


def test_a_secret_of_kubernetes_is_a_setting() -> None:
    keys = {
        entry["secretKey"]
        for _, one in resources()
        if one["kind"] == "ExternalSecret"
        for entry in one["spec"]["data"]
    }
    assert {f"BEDPLATE_{key.upper()}" for key in keys} <= set(setting_names())


def made_secrets(folder: Path) -> Path:
    script = folder / "make-secrets"
    script.write_bytes((DEPLOY / "make-secrets").read_bytes())
    subprocess.run(["sh", str(script)], check=True)
    return folder / "secrets"


@pytest.mark.parametrize("service", ["api-one", "api-two", "worker", "migration"])
def test_production_accepts_what_compose_sets(service: str, tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path)
    given = compose()["services"][service]
    assert set(given["secrets"]) <= {path.name for path in secrets.iterdir()}
    environment = {
        name: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)
        .replace("/run/secrets", str(secrets))
        .replace("${BEDPLATE_PUBLIC_ORIGIN:-", "")
        .rstrip("}")
        for name, value in given["environment"].items()
    }
    settings = load_settings(environment, tmp_path / "none")
    assert settings.service.environment == "production"
    assert settings.database.url.reveal().startswith("postgresql://bedplate:")
    assert bool(settings.database.owner_url) == (service == "migration")


def test_secrets_are_made_once(tmp_path: Path) -> None:
    secrets = made_secrets(tmp_path)
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    assert {path.name: path.read_text() for path in made_secrets(tmp_path).iterdir()} == before
    assert secrets.stat().st_mode & 0o77 == 0
    assert set(compose()["secrets"]) <= before.keys()


def test_production_accepts_what_kubernetes_sets(tmp_path: Path) -> None:
    (secrets := tmp_path / "secrets").mkdir()
    (secrets / "database_url").write_text("postgresql://bedplate:x@db/bedplate")
    (secrets / "redis_url").write_text("redis://redis:6379")
    (secrets / "auth_secret").write_text("0123456789abcdefghijklmnopqrstuvwxyz")
    (secrets / "mail_smtp_url").write_text("smtp://user:x@mail:587")
    [data] = [one["data"] for _, one in resources() if one["kind"] == "ConfigMap"]
    patch = yaml.safe_load((KUBERNETES / "overlays/production/foundation/config.yaml").read_text())["data"]
    environment = data | patch | {"BEDPLATE_SERVICE_SECRETS_DIR": str(secrets)}
    settings = load_settings(environment, tmp_path / "none")
    assert settings.http.trusted_proxies == ("10.244.16.0/24",)
