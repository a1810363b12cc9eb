import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import redis

from bedplate.platform.embedded import EmbeddedError, Engines, home

NOBODY = 65534
WITHOUT_CAPABILITIES = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")

root_only = pytest.mark.usefixtures("as_root")


@root_only
def test_root_gives_up_root(engines):
    for server in (engines.postgres, engines.valkey):
        assert Path(f"/proc/{server.pid}").stat().st_uid == engines.postgres.home.account.uid != 0


@root_only
def test_the_data_stays_in_the_data_folder_and_the_folder_closed(engines, shared_dir: Path):
    data = engines.postgres.data
    assert data.is_relative_to(shared_dir)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert shared_dir.stat().st_uid == 0
    assert shared_dir.stat().st_mode & stat.S_IRWXO == 0


@root_only
@pytest.mark.parametrize("closed", [pytest.param("home", marks=pytest.mark.nightly), "home/data"])
def test_a_closed_folder_stays_closed_and_the_servers_say_where_they_are(
    place: Path, fallback: Path, ask, closed
):
    (place / "home" / "data").mkdir(parents=True)
    (place / closed).chmod(0o700)
    told: list[str] = []
    for _ in range(2):
        with Engines(place / "home/data", durable=False, progress=told.append) as engines:
            assert engines.postgres.data.is_relative_to(fallback)
            assert (engines.postgres.home.root / "data_dir").read_text() == f"{place / 'home/data'}\n"
            ask(engines.urls.owner_url, "CREATE TABLE IF NOT EXISTS kept ()")
            with redis.from_url(engines.urls.redis_url) as client:
                assert client.incr("count")
    assert stat.S_IMODE((place / closed).stat().st_mode) == 0o700
    assert any(str(fallback) in line for line in told)
    assert sum("Creating" in line for line in told) == 1


@root_only
@pytest.mark.nightly
def test_data_outside_is_found_when_the_way_is_open_again(place: Path, fallback: Path, ask):
    (place / "data").mkdir(mode=0o700)
    with Engines(place / "data", durable=False) as engines:
        ask(engines.urls.owner_url, "CREATE TABLE kept ()")
    (place / "data").chmod(0o755)
    with Engines(place / "data", durable=False) as engines:
        assert ask(engines.urls.owner_url, "SELECT to_regclass('kept')::text") == "kept"


@pytest.mark.nightly
@root_only
def test_data_inside_is_not_replaced_when_the_way_is_closed(data_dir: Path, fallback: Path):
    data_dir.chmod(0o700)
    with pytest.raises(EmbeddedError, match=r"cannot reach .* any more"):
        Engines(data_dir, durable=False)


@root_only
@pytest.mark.nightly
def test_programs_out_of_reach_are_copied_once(place: Path, packages: Path, run_engines):
    (place / "root").mkdir(mode=0o700)
    # Other names of the same files will do: the way to them is what is closed.
    subprocess.run(["/bin/cp", "--archive", "--link", packages, place / "root" / "packages"], check=True)
    env = {"PYTHONPATH": str(place / "root" / "packages")}
    told = []
    for _ in range(2):
        process = run_engines(place / "data", env=env)
        told.append(process.answer())
        process.stop_engines()
    assert any("Copying" in line for line in told[0]["told"])
    assert told[1]["told"] == []
    assert stat.S_IMODE((place / "root").stat().st_mode) == 0o700


@root_only
@pytest.mark.nightly
def test_programs_installed_for_root_alone_are_copied(place: Path, packages: Path, run_engines):
    subprocess.run(["/bin/cp", "--archive", packages, place / "packages"], check=True)
    for path in (place / "packages").rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o077)
    told = run_engines(place / "data", env={"PYTHONPATH": str(place / "packages")}).answer()
    assert any("Copying" in line for line in told["told"])


@root_only
@pytest.mark.nightly
def test_a_strict_umask_changes_nothing(place: Path, ask):
    before = os.umask(0o077)
    try:
        with Engines(place / "data", durable=False) as engines:
            assert engines.postgres.data.is_relative_to(place)
            assert ask(engines.urls.database_url, "SELECT 1") == 1
    finally:
        os.umask(before)


@root_only
def test_a_normal_user_runs_them(place: Path, packages: Path, anyones_python, run_engines, ask, alive):
    folder = place / "theirs"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    folder.chmod(0o700)
    env = {"PYTHONPATH": str(packages), "LD_LIBRARY_PATH": str(packages / "python/lib")}
    process = run_engines(folder / "data", "--uid", str(NOBODY), python=anyones_python, env=env)
    told = process.answer()
    assert Path(told["root"]).is_relative_to(folder)
    assert Path(f"/proc/{told['postgres']}").stat().st_uid == NOBODY
    process.stop_engines()
    assert not alive(told["postgres"])
    # root carries on as the user whose data it is
    with Engines(folder / "data", durable=False) as engines:
        assert engines.postgres.home.account.uid == NOBODY
        assert engines.postgres.data.is_relative_to(folder)


@root_only
def test_a_normal_user_gets_a_line_on_roots_data(data_dir: Path, packages, anyones_python, run_engines):
    env = {"PYTHONPATH": str(packages), "LD_LIBRARY_PATH": str(packages / "python/lib")}
    told = run_engines(data_dir, "--uid", str(NOBODY), python=anyones_python, env=env).answer()
    assert "make it writable for this user" in told["error"]


@root_only
def test_a_foreign_folder_is_not_used(place: Path, fallback: Path):
    (place / "data").mkdir(mode=0o700)
    squatted = fallback / f"bedplate-{home._digest(place / 'data')}"
    squatted.mkdir()
    os.chown(squatted, 12345, 12345)
    with pytest.raises(EmbeddedError, match="belongs to another user"):
        Engines(place / "data", durable=False)


@root_only
def test_a_link_is_not_followed(place: Path, fallback: Path):
    (place / "data").mkdir(mode=0o700)
    (place / "target").mkdir()
    (fallback / f"bedplate-{home._digest(place / 'data')}").symlink_to(place / "target")
    with pytest.raises(EmbeddedError, match="belongs to another user"):
        Engines(place / "data", durable=False)


@root_only
def test_no_unprivileged_account(place: Path, monkeypatch):
    monkeypatch.setattr("bedplate.platform.embedded.account.STAND_INS", ("no-such-user",))
    with pytest.raises(EmbeddedError, match=r"has none of the users no-such-user: .*BEDPLATE_DATABASE_URL"):
        Engines(place / "data")


@root_only
def test_root_without_capabilities_gets_a_line(place: Path, run_engines):
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is how the test drops them")
    told = run_engines(place / "data", before=WITHOUT_CAPABILITIES).answer()
    assert "root may not hand files to" in told["error"]
    assert "BEDPLATE_DATABASE_URL" in told["error"]
