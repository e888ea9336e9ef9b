"""docker-compose.yml: what it starts is reached from this machine alone, is pinned, and holds no secret."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from lakehouse.conf import conf_folder
from lakehouse.runtime.jar_list import listed

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SECRET = re.compile(r"password|secret|token|credential|access_?key", re.IGNORECASE)


@pytest.mark.parametrize("name", SERVICES)
def test_its_ports_are_of_this_machine_alone(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert [port for port in ports if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)] == []
    assert SERVICES[name].get("network_mode") is None, "it would be on the machine's own network"
    assert not SERVICES[name].get("privileged")


@pytest.mark.parametrize("name", SERVICES)
def test_its_image_is_of_one_version(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].rpartition(":")
    assert re.match(r"[A-Za-z.-]*\d+\.\d+", tag), "a version, and not `latest`"


@pytest.mark.parametrize("name", SERVICES)
def test_it_says_whether_it_is_well_and_keeps_its_data(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    named = [mount.partition(":")[0] for mount in SERVICES[name].get("volumes", [])]
    assert named
    assert {*named} <= {*COMPOSE["volumes"]}


def test_no_secret_stands_in_it() -> None:
    said = [f"{key}={value}" for each in SERVICES.values() for key, value in each.get("environment", {}).items()]
    assert [each for each in said if SECRET.search(each) and not each.partition("=")[2].startswith("${")] == []


def test_its_bucket_is_the_one_that_dev_has() -> None:
    said = yaml.safe_load((conf_folder() / "environments" / "dev.yml").read_text(encoding="utf-8"))["storage"]
    assert SERVICES["s3"]["environment"]["S3_BUCKET"] == said["bucket"], "made when it starts"
    assert [f"http://{port.rpartition(':')[0]}" for port in SERVICES["s3"]["ports"]] == [said["endpoint"]]
    assert f"-s3.port={SERVICES['s3']['ports'][0].rpartition(':')[2]}" in SERVICES["s3"]["command"]


def test_its_broker_is_of_the_version_that_the_local_one_has() -> None:
    core = next(jar.coordinate for jar in listed(conf_folder(), ["broker"]) if ":kafka_2.13:" in jar.coordinate)
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{core.rpartition(':')[2]}"
    said = SERVICES["kafka"]["environment"]
    assert said["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert said["KAFKA_ADVERTISED_LISTENERS"].startswith("CLIENTS://127.0.0.1:9092,")
