"""Which servers a command looks into, and what it says when there are none."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from bedplate.cli.errors import CommandError
from bedplate.cli.group import bedplate_group
from bedplate.cli.servers import found_settings
from bedplate.cli.stack import UNSERVED_TIMEOUT, Stack
from bedplate.platform import embedded
from bedplate.platform.embedded import EngineUrls


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "AUTH_SECRET"):
        monkeypatch.delenv(f"BEDPLATE_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("command", "variable"),
    [
        ("db status", "BEDPLATE_DATABASE_URL"),
        ("db check", "BEDPLATE_DATABASE_URL"),
        ("db upgrade", "BEDPLATE_DATABASE_URL"),
        ("users list", "BEDPLATE_DATABASE_URL"),
        ("limits show ip:192.0.2.1", "BEDPLATE_REDIS_URL"),
    ],
)
def test_a_command_without_servers_says_what_to_set(command: str, variable: str) -> None:
    fault = CliRunner().invoke(bedplate_group, command.split()).exception
    assert isinstance(fault, CommandError)
    assert str(fault).startswith(f"Set {variable}, or run `bedplate up`")


def test_the_doctor_says_what_to_set() -> None:
    result = CliRunner().invoke(bedplate_group, ["doctor"], env={"NO_COLOR": "1"})
    assert result.exit_code == 1
    assert "set BEDPLATE_DATABASE_URL, or run `bedplate up`" in result.output
    assert "set BEDPLATE_REDIS_URL, or run `bedplate up`" in result.output
    assert "127.0.0.1" not in result.output


def test_the_servers_of_up_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ".bedplate"
    folder.mkdir()
    (folder / "secret").write_text("kept-by-up\n")
    urls = EngineUrls("postgresql://app", "unix://valkey", "postgresql://owner", "postgresql://super")
    monkeypatch.setattr(embedded, "running", lambda _: urls)
    settings = found_settings()
    assert settings.database.url.reveal() == urls.database_url
    assert settings.database.migration_url.reveal() == urls.owner_url
    assert settings.redis.url.reveal() == urls.redis_url
    assert settings.auth.secret.reveal() == "kept-by-up"
    monkeypatch.setenv("BEDPLATE_DATABASE_URL", "postgresql://mine")
    assert found_settings().database.migration_url.reveal() == "postgresql://mine"


def test_up_says_why_a_folder_cannot_be_made() -> None:
    stack = Stack(Path("/proc/nope"), host=None, port=None, tell=print)
    with pytest.raises(CommandError, match=r"/proc/nope .*--data-dir"):
        stack.start()


def test_up_says_which_host_is_none_of_this_machine(tmp_path: Path) -> None:
    stack = Stack(tmp_path, host="192.0.2.1", port=0, tell=print)
    with pytest.raises(CommandError, match=r"192\.0\.2\.1 is no address of this machine .*--host"):
        stack.start()


def test_a_start_that_fails_does_not_wait_for_what_never_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def stop(_: object, patience: float) -> None:
        waited.append(patience)

    monkeypatch.setattr("bedplate.cli.stack.stop_children", stop)
    Stack(tmp_path, host=None, port=None, tell=print).__exit__(None, None, None)
    assert waited == [UNSERVED_TIMEOUT]
