"""docker-compose.yml: valid by the specification, no default secret, nothing open that need not be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "web", "worker", "beat"]
SETTINGS = (ROOT / "bloghub" / "settings.py").read_text()


def test_it_is_valid_by_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests/data/compose-spec/compose-spec.json").read_text())
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(COMPOSE)]
    assert errors == []


def test_it_has_the_parts_of_a_hub() -> None:
    assert set(SERVICES) == {"db", "redis", *OURS}


@pytest.mark.parametrize("name", OURS)
def test_the_settings_know_every_variable(name: str) -> None:
    unknown = [variable for variable in SERVICES[name]["environment"] if f'"{variable}"' not in SETTINGS]
    assert unknown == []


def test_no_secret_has_a_default() -> None:
    secret = re.compile(r"\$\{(\w*(?:PASSWORD|SECRET_KEY|TOKEN)|BLOGHUB_PUBLIC_URL)(?!\w)(?P<rest>[^}]*)\}")
    found = [(match[1], match["rest"]) for match in secret.finditer(TEXT)]
    assert {name for name, _ in found} >= {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "BLOGHUB_SECRET_KEY"}
    assert [name for name, rest in found if not rest.startswith(":?")] == []


@pytest.mark.parametrize("name", SERVICES)
def test_what_looks_like_a_secret_comes_from_outside(name: str) -> None:
    environment: dict[str, str] = SERVICES[name].get("environment", {})
    given = {key: value for key, value in environment.items() if re.search("PASSWORD|SECRET_KEY|AUTH$", key)}
    assert [key for key, value in given.items() if not value.startswith("${")] == []


def test_only_web_is_published_and_on_loopback_unless_told_otherwise() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["${BLOGHUB_BIND:-127.0.0.1}:${PORT:-8000}:8000"]}


def test_the_servers_are_reached_from_inside_alone() -> None:
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert SERVICES["db"]["networks"] == SERVICES["redis"]["networks"] == ["inside"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_has_rights_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["stop_grace_period"] == "60s"
    assert not {"privileged", "cap_add", "pid", "ipc", "network_mode", "devices"} & set(service)
    assert not [volume for volume in service.get("volumes", []) if volume.startswith(("/", ".", "~"))]


@pytest.mark.parametrize("name", ["db", "redis"])
def test_the_data_outlives_the_container(name: str) -> None:
    kept = [volume.split(":")[0] for volume in SERVICES[name]["volumes"]]
    assert kept
    assert set(kept) <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_each_part_waits_for_the_servers_and_the_migrations(name: str) -> None:
    assert {part: wait["condition"] for part, wait in SERVICES[name]["depends_on"].items()} == {
        "db": "service_healthy",
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }


def test_every_service_that_stays_is_watched() -> None:
    image = (ROOT / "Dockerfile").read_text()
    unwatched = [name for name, service in SERVICES.items() if "healthcheck" not in service]
    assert unwatched == ["web"]  # by the image's own
    assert "\nHEALTHCHECK " in image


def test_the_image_runs_as_an_account_without_rights_and_without_a_compiler() -> None:
    final = (ROOT / "Dockerfile").read_text().split("\nFROM ")[-1]
    assert re.search(r"^USER (?!0|root)\d+:\d+$", final, re.MULTILINE)
    assert not re.search(r"gcc|build-essential|apt-get", final)


def test_the_image_takes_nothing_but_code() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert not {"!var", "!.env", "!.git", "!tests"} & set(lines)
