"""Back to a moment: a base backup and the archived log, recovered into a new server, by the page's own means."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from bedplate.platform import revisions
from bedplate.platform.db import migrate
from bedplate.platform.embedded.binaries import find_binaries, within_reach
from bedplate.platform.embedded.home import Home, find_home
from bedplate.platform.embedded.process import run
from bedplate.settings import Secret
from bedplate.settings.database import DatabaseSettings

pytestmark = [pytest.mark.faults, pytest.mark.nightly]

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "point-in-time.md"
NAME = "before_import"
PERSON = "insert into account (id, email) values (uuidv7(), $1)"
PEOPLE = "select email::text from account order by email"


class Cluster:
    """A PostgreSQL of its own on a socket, driven by pg_ctl."""

    def __init__(self, home: Home, programs: Path, name: str) -> None:
        self._home = home
        self._programs = programs
        self.data = home.folder(name)
        self.sockets = home.folder(f"{name}-socket")

    def program(self, name: str, *arguments: str) -> None:
        ended = run([str(self._programs / name), *arguments], self._home.account)
        assert ended.returncode == 0, f"{name}: {ended.stdout}{ended.stderr}"

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self.sockets}"
        log = str(self.sockets / "log")
        self.program(
            "pg_ctl", "start", "-w", "-s", "-t", "60", "-D", str(self.data), "-l", log, "-o", options
        )

    def stop(self) -> None:
        self.program("pg_ctl", "stop", "-w", "-s", "-m", "fast", "-D", str(self.data))

    def configure(self, **settings: str) -> None:
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        path = self.data / "postgresql.auto.conf"
        path.write_text(path.read_text() + lines)

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.sockets}"

    def ask(self, statement: str, *arguments: str) -> list[str]:
        async def fetch() -> list[str]:
            connection = await asyncpg.connect(self.url)
            try:
                return [row[0] for row in await connection.fetch(statement, *arguments)]
            finally:
                await connection.close()

        return asyncio.run(fetch())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    found = find_home(tmp_path / "servers", print)
    yield found
    shutil.rmtree(found.root, ignore_errors=True)


def test_a_new_server_goes_back_to_before_the_damage(home: Home) -> None:
    programs = within_reach(find_binaries(), home, print).postgres
    archive = home.folder("archive")
    old, new = Cluster(home, programs, "old"), Cluster(home, programs, "new")
    old.program("initdb", "-A", "trust", "-U", "postgres", "-N", "-D", str(old.data))
    old.configure(
        archive_mode="on",
        archive_command=f"test ! -f {archive}/%f && cp %p {archive}/.%f && mv {archive}/.%f {archive}/%f",
    )
    old.start()
    try:
        migrate.upgrade(DatabaseSettings(url=Secret(old.url), owner_url=Secret(old.url)))
        old.ask(PERSON, "kept@team.example")
        old.program(
            *("pg_basebackup", "-h", str(old.sockets), "-U", "postgres", "-D", str(new.data)),
            *("--checkpoint=fast", "--wal-method=stream", "--no-sync"),
        )
        old.program("pg_verifybackup", str(new.data))
        old.ask(PERSON, "after-the-base@team.example")
        old.ask("select pg_create_restore_point($1)::text", NAME)
        old.ask("delete from account returning email::text")
        assert old.ask(PEOPLE) == []
    finally:
        # A server that stops archives what it has.
        old.stop()
    new.configure(
        archive_mode="off",
        restore_command=f"cp {archive}/%f %p",
        recovery_target_name=NAME,
        recovery_target_action="pause",
    )
    signal = new.data / "recovery.signal"
    signal.touch()
    home.account.own(signal)
    new.start()
    try:
        assert new.ask(PEOPLE) == ["after-the-base@team.example", "kept@team.example"]
        assert new.ask("select pg_is_in_recovery()::text") == ["true"]
        new.ask("select pg_promote()::text")
        new.ask(PERSON, "since@team.example")
        assert len(new.ask(PEOPLE)) == 3
        assert new.ask("select version_num from alembic_version") == [revisions.head()]
    finally:
        new.stop()


def test_the_page_says_what_was_rehearsed() -> None:
    page = PAGE.read_text()
    for said in ("pg_basebackup", "pg_verifybackup", "recovery_target_name", "recovery.signal", f"'{NAME}'"):
        assert said in page
