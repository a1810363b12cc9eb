"""The compose file: real commands, files that are there, nothing written but where it says, secrets as files."""

import re
import shlex
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

import click
import pytest

from bedplate.cli.group import bedplate_group

sys.path.insert(0, str(Path(__file__).parent))

from documents import DEPLOY, compose, containers

SERVICES = compose()["services"]
OURS = {name: one for name, one in SERVICES.items() if one.get("image") == "bedplate:local"}


def resolve(words: list[str]) -> click.Command:
    command: click.Command = bedplate_group
    for word in words:
        assert isinstance(command, click.Group), words
        found = command.get_command(click.Context(command), word)
        assert found is not None, words
        command = found
    return command


def test_there_is_everything() -> None:
    parts = {
        "proxy",
        "api-one",
        "api-two",
        "worker",
        "migration",
        "database",
        "redis",
        "collector",
        "prometheus",
    }
    assert parts | {"mailbox", "traces", "grafana"} == SERVICES.keys()
    assert SERVICES["worker"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize(
    "words",
    [*(one["command"] for one in OURS.values()), *(c["args"] for _, c in containers().values())],
    ids=shlex.join,
)
def test_a_command_is_real(words: list[str]) -> None:
    resolve(words)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_write_nowhere_and_hold_no_rights(name: str) -> None:
    one = OURS[name]
    assert one["read_only"]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["build"] == {"context": "..", "dockerfile": "Containerfile"}


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_is_there(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = volume.split(":")[0]
        assert (DEPLOY / source).exists() if source.startswith(".") else source in compose()["volumes"]
    assert set(SERVICES[name].get("secrets", [])) <= compose()["secrets"].keys()
    assert set(SERVICES[name]["networks"]) <= compose()["networks"].keys()
    assert set(SERVICES[name].get("depends_on", {})) <= SERVICES.keys()


def test_no_secret_stands_in_the_file() -> None:
    for name, one in SERVICES.items():
        for variable, value in one.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|_URL_FILE|DATABASE_URL|REDIS_URL", variable):
                assert value.startswith("/run/secrets/"), f"{name}: {variable}"


def test_images_are_of_a_stated_version() -> None:
    for one in SERVICES.values():
        assert re.search(r":(v?\d|local)", one["image"]), one["image"]


def test_only_the_proxy_is_believed_and_ports_are_for_this_host() -> None:
    address = SERVICES["proxy"]["networks"]["edge"]["ipv4_address"]
    for name in ("api-one", "api-two"):
        assert SERVICES[name]["environment"]["BEDPLATE_HTTP_TRUSTED_PROXIES"] == f"{address}/32"
    ports = [port for one in SERVICES.values() for port in one.get("ports", [])]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_proxys_address_is_given_to_nobody_else() -> None:
    address = ip_address(SERVICES["proxy"]["networks"]["edge"]["ipv4_address"])
    [pool] = compose()["networks"]["edge"]["ipam"]["config"]
    assert address in ip_network(pool["subnet"])
    assert address not in ip_network(pool.get("ip_range", pool["subnet"]))
    assert address != ip_address(pool["gateway"])


def test_the_proxy_knows_both() -> None:
    backend = (DEPLOY / "proxy/haproxy.cfg").read_text()
    given = SERVICES["proxy"]["environment"]
    assert set(re.findall(r"\$\{(\w+)\}", backend)) == given.keys()
    assert {given["API_ONE"], given["API_TWO"]} == {"api-one:8000", "api-two:8000"}
