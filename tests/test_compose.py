"""docker-compose.yml: valid by the specification, no default secret, nothing open that need not be."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from bloghub.schedule import BEAT_SCHEDULE

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["migrate", "web", "worker", "messenger", "pusher", "beat"]
SETTINGS = (ROOT / "bloghub" / "settings.py").read_text()
OF_CELERY = {"REMAP_SIGTERM"}
AUTHORITIES = "${BLOGHUB_FETCH_CA_BUNDLE:-/dev/null}"


def tracked(path: str) -> bool:
    """Whether git knows the file, or files in the folder."""
    listed = subprocess.run(["git", "ls-files", "--", path], cwd=ROOT, capture_output=True, text=True, check=True)
    return bool(listed.stdout.strip())


def binds(name: str) -> list[dict[str, Any]]:
    """What of the host a service sees."""
    return [volume for volume in SERVICES[name].get("volumes", []) if isinstance(volume, dict)]


def test_it_is_valid_by_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests/data/compose-spec/compose-spec.json").read_text())
    errors = [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(COMPOSE)]
    assert errors == []


def test_it_has_the_parts_of_a_hub() -> None:
    assert set(SERVICES) == {"db", "redis", *OURS}


@pytest.mark.parametrize("name", OURS)
def test_the_settings_know_every_variable(name: str) -> None:
    unknown = [variable for variable in SERVICES[name]["environment"] if f'"{variable}"' not in SETTINGS]
    assert set(unknown) <= OF_CELERY


def test_no_secret_has_a_default() -> None:
    secret = re.compile(r"\$\{(\w*(?:PASSWORD|SECRET_KEY|TOKEN)|BLOGHUB_PUBLIC_URL)(?!\w)(?P<rest>[^}]*)\}")
    found = [(match[1], match["rest"]) for match in secret.finditer(TEXT)]
    assert {name for name, _ in found} >= {"POSTGRES_PASSWORD", "REDIS_PASSWORD", "BLOGHUB_SECRET_KEY"}
    # Required, or empty: what an empty one would open stays closed
    assert [name for name, rest in found if not rest.startswith(":?") and rest != ":-"] == []


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
    short = [volume for volume in service.get("volumes", []) if isinstance(volume, str)]
    assert not [volume for volume in short if volume.startswith(("/", ".", "~", "$"))]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_sees_of_the_host_is_in_git_and_cannot_be_changed(name: str) -> None:
    for bind in binds(name):
        assert bind["type"] == "bind"
        assert bind["read_only"] is True
        assert bind["bind"] == {"create_host_path": False}  # Docker would make a directory of a missing file
        assert bind["source"] == AUTHORITIES or tracked(bind["source"])


def test_no_read_only_service_is_given_a_file_that_only_the_compose_file_holds() -> None:
    """Docker cannot write it: "cannot create config in read-only service: `file` is the sole supported option"."""
    inline = [name for name, kept in COMPOSE.get("configs", {}).items() if "file" not in kept]
    assert [name for name, service in SERVICES.items() if service["read_only"] and service.get("configs")] == []
    assert inline == []


def test_the_example_names_all_that_compose_demands() -> None:
    example = (ROOT / ".env.example").read_text()
    demanded = set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert "POSTGRES_ADMIN_PASSWORD" in demanded
    assert {name for name in demanded if not re.search(rf"^{name}=$", example, re.MULTILINE)} == set()


def test_the_example_names_nothing_that_compose_does_not_pass_on() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert [name for name in named if "${" + name not in TEXT] == []


@pytest.mark.parametrize("name", OURS)
def test_every_setting_of_the_readme_that_has_a_meaning_in_a_container_reaches_it(name: str) -> None:
    rows = re.findall(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    documented = {variable for row in rows for variable in re.findall(r"`(\w+)`", row)}
    embedded = {"BLOGHUB_DEBUG", "BLOGHUB_EMBEDDED_FSYNC", "BLOGHUB_DEMO", "BLOGHUB_DEMO_ADDRESS"}
    decided_elsewhere = {"PORT", "BLOGHUB_DATA_DIR", "BLOGHUB_STATIC_ROOT", "BLOGHUB_ROLE"}
    of_the_worker = {"BLOGHUB_WORKER_SOFT_SHUTDOWN"}
    given = set(SERVICES[name]["environment"]) | (of_the_worker if name != "worker" else set())
    assert documented - embedded - decided_elsewhere - given == set()


def test_every_queue_that_beat_fills_is_served() -> None:
    filled = {entry["options"].get("queue", "celery") for entry in BEAT_SCHEDULE.values()}
    commands = [service["command"] for service in SERVICES.values() if "worker" in service.get("command", [])]
    served = [word.removeprefix("--queues=") for words in commands for word in words if word.startswith("--queues=")]
    assert filled == {"celery", *served}


def test_a_proxy_is_expected_in_front() -> None:
    """Web sends everybody to https; without the proxy's word on how they came, for ever."""
    assert SERVICES["web"]["environment"]["BLOGHUB_BEHIND_PROXY"] == "${BLOGHUB_BEHIND_PROXY:-true}"


def test_a_running_poll_has_time_to_finish_before_the_worker_is_killed() -> None:
    environment = SERVICES["worker"]["environment"]
    default = re.fullmatch(r"\$\{BLOGHUB_WORKER_SOFT_SHUTDOWN:-(\d+)\}", environment["BLOGHUB_WORKER_SOFT_SHUTDOWN"])
    assert environment["REMAP_SIGTERM"] == "SIGQUIT"
    assert default
    assert int(default[1]) <= int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) / 2


@pytest.mark.parametrize("name", ["db", "redis"])
def test_the_data_outlives_the_container(name: str) -> None:
    kept = [volume.split(":")[0] for volume in SERVICES[name]["volumes"] if isinstance(volume, str)]
    assert kept
    assert set(kept) <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", ["web", "worker", "messenger", "pusher", "beat"])
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


def test_everything_that_goes_into_the_image_is_in_git() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    sources = [source for line in copied for source in line.split()]
    assert set(sources) == set(kept)
    assert [source for source in sources if not tracked(source)] == []


def test_the_image_takes_nothing_but_code() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert not {"!var", "!.env", "!.git", "!tests"} & set(lines)
