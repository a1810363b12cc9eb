"""Where settings come from: the environment, twins, the secrets folder and `.env`; what cannot be read is a fault."""

from pathlib import Path

import pytest

from bedplate.settings import Settings
from bedplate.settings.load import SettingsError, load_settings


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def faults(environ: dict[str, str], dotenv: Path) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, dotenv)
    return caught.value.faults


def written(dotenv: Path, text: str | bytes) -> Settings:
    dotenv.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_settings({}, dotenv)


@pytest.mark.parametrize(
    "line",
    ["=8001", "='8001'", '="8001"', "=8001 # as in compose", '="8001"  # quoted', " = 8001", "=8001\r"],
)
def test_a_line_of_dotenv(dotenv: Path, line: str) -> None:
    assert written(dotenv, f"# ours\n\nexport BEDPLATE_HTTP_PORT{line}\n").http.port == 8001


def test_a_hash_within_a_value_stays(dotenv: Path) -> None:
    assert written(dotenv, "BEDPLATE_AUTH_AUDIENCE=a#b").auth.audience == "a#b"
    assert written(dotenv, "BEDPLATE_AUTH_AUDIENCE='a #b'").auth.audience == "a #b"


def test_a_byte_order_mark_does_not_hide_the_first_line(dotenv: Path) -> None:
    assert written(dotenv, b"\xef\xbb\xbfBEDPLATE_HTTP_PORT=8001\n").http.port == 8001


def test_dotenv_names_twins_and_the_names_of_opentelemetry(dotenv: Path, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("8001\n")
    text = f"BEDPLATE_HTTP_PORT_FILE={tmp_path}/port\nOTEL_EXPORTER_OTLP_PROTOCOL=grpc\n"
    settings = written(dotenv, text)
    assert (settings.http.port, settings.telemetry.otlp_protocol) == (8001, "grpc")


def test_the_nearer_source_wins(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("BEDPLATE_HTTP_PORT=1\n")
    assert load_settings({}, dotenv).http.port == 1
    (folder := tmp_path / "secrets").mkdir()
    (folder / "http_port").write_text("2")
    environ = {"BEDPLATE_SERVICE_SECRETS_DIR": str(folder)}
    assert load_settings(environ, dotenv).http.port == 2
    (tmp_path / "port").write_text("3")
    environ["BEDPLATE_HTTP_PORT_FILE"] = str(tmp_path / "port")
    assert load_settings(environ, dotenv).http.port == 3
    environ["BEDPLATE_HTTP_PORT"] = "4"
    assert load_settings(environ, dotenv).http.port == 4


def test_a_folder_called_dotenv_is_somebody_elses(dotenv: Path) -> None:
    dotenv.mkdir()
    assert load_settings({}, dotenv) == Settings()


def test_a_dotenv_that_is_no_text(dotenv: Path) -> None:
    dotenv.write_bytes(b"BEDPLATE_HTTP_PORT=\xff")
    assert faults({}, dotenv) == [f"{dotenv} cannot be read (byte 19 is not UTF-8)"]


def test_what_cannot_be_read_is_one_fault_each(dotenv: Path, tmp_path: Path) -> None:
    environ = {
        "BEDPLATE_HTTP_PORT_FILE": str(tmp_path / "none"),
        "BEDPLATE_HTTP_WORKERS_FILE": str(tmp_path),
        "BEDPLATE_SERVICE_SECRETS_DIR": str(tmp_path / "nowhere"),
    }
    assert faults(environ, dotenv) == [
        f"BEDPLATE_HTTP_PORT_FILE: {tmp_path}/none cannot be read (No such file or directory)",
        f"BEDPLATE_HTTP_WORKERS_FILE: {tmp_path} cannot be read (Is a directory)",
        f"BEDPLATE_SERVICE_SECRETS_DIR: {tmp_path}/nowhere cannot be read (No such file or directory)",
    ]
