"""No Docker engine runs where the tests run, so this reads docker-compose.yml and Dockerfile, and tries what they say.

Commands and settings are tried on the installed Leadline; Kafka's variables start a real broker through the same
set-up program that its image runs.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime.settings import VARIABLES, read_settings
from tests.services import kafka
from tests.services.absent import without
from tests.services.service import ServiceUnavailable, free_ports

ROOT = Path(__file__).parents[1]
PROCESSES = ("collect", "api", "consume", "project", "notify")


def filled(value: Any) -> Any:
    """The value with `${NAME:-default}` replaced by the default, as compose does where NAME is not set."""
    if isinstance(value, dict):
        return {key: filled(part) for key, part in value.items()}
    if isinstance(value, list):
        return [filled(part) for part in value]
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = filled(yaml.safe_load((ROOT / "docker-compose.yml").read_text()))
    return parsed


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def test_all_services_are_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"kafka", "postgres", *PROCESSES}


def test_every_service_is_watched_restarted_and_unprivileged(compose: dict[str, Any], dockerfile: str) -> None:
    image_checks_itself = "HEALTHCHECK" in dockerfile
    for name, service in compose["services"].items():
        assert service["restart"] == "unless-stopped", name
        assert service["user"] not in ("root", "0", "0:0"), name
        listens = "LEADLINE_BIND" in service["environment"]
        assert "healthcheck" in service or (listens and image_checks_itself), name


def test_processes_wait_for_healthy_services(compose: dict[str, Any]) -> None:
    for name in PROCESSES:
        needed = compose["services"][name]["depends_on"]
        assert needed and all(how == {"condition": "service_healthy"} for how in needed.values()), name
        assert all("healthcheck" in compose["services"][other] for other in needed), name


def test_what_is_written_outlives_a_container(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        sources = {volume.split(":")[0] for volume in service["volumes"]}
        named = {source for source in sources if not source.startswith(".")}
        assert named and named <= set(compose["volumes"]), name
        for mounted in sources - named:
            assert (ROOT / mounted).is_file(), f"{name}: {mounted}"


@pytest.mark.parametrize("name", PROCESSES)
def test_commands_exist(compose: dict[str, Any], name: str) -> None:
    program = Path(sys.executable).with_name("leadline")
    checks = [compose["services"][name].get("healthcheck", {}).get("test", [])[2:]]
    for arguments in [compose["services"][name]["command"], *filter(None, checks)]:
        done = subprocess.run([program, *arguments, "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout


@pytest.mark.parametrize("name", PROCESSES)
def test_settings_know_every_variable(compose: dict[str, Any], name: str) -> None:
    environment = compose["services"][name]["environment"]
    assert set(environment) <= set(VARIABLES)
    settings = read_settings(environment)
    if name != "api":  # it is closed without a token
        settings.refuse_open_access()
    assert settings.kafka == ("kafka:9092",)


def test_sample_secrets_cannot_be_taken_for_real_ones(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for variable, value in service["environment"].items():
            if re.search("KEYS|TOKEN|PASSWORD", variable) or "@postgres" in value:
                assert "sample-" in value and "change-me" in value, f"{name}: {variable}"


def test_only_the_collector_is_published_to_others(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            assert name == "collect" or port.startswith("127.0.0.1:"), f"{name}: {port}"


def test_the_image_is_what_the_lock_file_says(dockerfile: str) -> None:
    assert re.findall(r"uv sync .*", dockerfile) and all(
        "--locked" in line for line in re.findall(r"uv sync .*", dockerfile)
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for room in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert f"COPY {room} {room}\n" in dockerfile
        assert f"!{room}\n" in (ROOT / ".dockerignore").read_text()
    assert re.search(r"^USER (?!root|0)\w+$", dockerfile, re.MULTILINE)
    settings = re.findall(r"(LEADLINE_\w+)=", dockerfile)
    assert settings and set(settings) <= set(VARIABLES)
    uv = re.search(r"uv==[\d.*]+", dockerfile)
    assert uv is not None and uv[0] in (ROOT / "scripts" / "environment.sh").read_text()


def test_kafkas_variables_start_a_broker(compose: dict[str, Any], tmp_path: Path) -> None:
    service = compose["services"]["kafka"]
    assert service["image"] == f"apache/kafka:{kafka.version()}"
    port, controller = free_ports(2)
    here = {"kafka:": "127.0.0.1:", ":9092": f":{port}", ":9093": f":{controller}", "//:": "//127.0.0.1:"}
    environment = dict(service["environment"])
    for there, replacement in here.items():
        environment = {name: value.replace(there, replacement) for name, value in environment.items()}
    environment["KAFKA_LOG_DIRS"] = str(tmp_path / "data")
    try:
        with kafka.running_image(environment, port) as broker:
            assert broker.bootstrap == f"127.0.0.1:{port}"
            assert (tmp_path / "data" / "meta.properties").is_file()
    except ServiceUnavailable as reason:
        without(reason)
