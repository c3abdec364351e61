"""The hub refuses to start half configured, with one clear line (check G3), and is clean in production (check G1)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = os.environ["BLOGHUB_DATA_DIR"]
KEY = "k3y-" + "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!"
PRODUCTION = {
    "DATABASE_URL": "postgresql://hub:secret@db.example/hub",
    "REDIS_URL": "redis://:secret@redis.example/0",
    "BLOGHUB_SECRET_KEY": KEY,
    "BLOGHUB_PUBLIC_URL": "https://blogs.example",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """manage.py in a bare environment."""
    bare = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=bare | environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ({"BLOGHUB_SECRET_KEY": ""}, "BLOGHUB_SECRET_KEY is not set"),
        ({"BLOGHUB_SECRET_KEY": "short"}, "BLOGHUB_SECRET_KEY is too short"),
        ({"BLOGHUB_PUBLIC_URL": ""}, "BLOGHUB_PUBLIC_URL is not set"),
        ({"BLOGHUB_PUBLIC_URL": "blogs.example"}, "BLOGHUB_PUBLIC_URL must be"),
        ({"BLOGHUB_PUBLIC_URL": "https://blögs.example"}, "xn--"),
        ({"BLOGHUB_PUBLIC_URL": "http://blogs.example"}, "must begin with https://"),
        ({"REDIS_URL": ""}, "Set both DATABASE_URL and REDIS_URL"),
        ({"DATABASE_URL": "mysql://db.example/hub"}, "must begin with postgresql://"),
        ({"BLOGHUB_DEBUG": "1"}, "BLOGHUB_DEBUG is only for"),
        ({"BLOGHUB_DEBUG": "perhaps"}, "BLOGHUB_DEBUG must be true or false"),
        ({"BLOGHUB_FETCH_ALLOW": "http://"}, "BLOGHUB_FETCH_ALLOW"),
        ({"BLOGHUB_BRAND_COLOUR": "red; } body { display: none"}, "BLOGHUB_BRAND_COLOUR"),
        ({"BLOGHUB_CONTACT": "blogs@"}, "BLOGHUB_CONTACT looks like a mail address"),
        ({"BLOGHUB_CONTACT": "the web team\nroom 3"}, "BLOGHUB_CONTACT must be one line"),
        ({"BLOGHUB_SMTP_URL": "smtp://mail.example"}, "BLOGHUB_SMTP_URL would send mail in clear"),
        ({"BLOGHUB_SMTP_URL": "mail.example:587"}, "BLOGHUB_SMTP_URL must begin with"),
        ({"BLOGHUB_SMTP_URL": f"smtps://hub:{KEY}@mail.example:port"}, "BLOGHUB_SMTP_URL has a port"),
        ({"BLOGHUB_SMTP_URL": "smtps://mail.example"}, "BLOGHUB_MAIL_FROM must be"),
        ({"BLOGHUB_MAIL_FROM": "the hub"}, "BLOGHUB_MAIL_FROM must be"),
        ({"BLOGHUB_TIME_ZONE": "Mars/Olympus"}, "Mars/Olympus"),
    ],
)
def test_it_refuses_to_start_half_configured(missing: dict[str, str], told: str) -> None:
    done = manage("check", **(PRODUCTION | missing))
    assert done.returncode != 0
    assert told in done.stderr
    assert KEY not in done.stderr + done.stdout


def test_production_is_clean_under_djangos_deployment_checks() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_demo_and_debug_are_off_in_production() -> None:
    script = "from django.conf import settings as s; print(s.DEMO, s.DEBUG, s.ALLOWED_HOSTS, s.SESSION_COOKIE_NAME)"
    done = manage("shell", "-v0", "-c", script, **PRODUCTION, BLOGHUB_DEMO="1")
    assert done.stdout.strip() == "False False ['blogs.example'] __Host-session", done.stderr


def environment_names() -> set[str]:
    """Every variable the settings ask for."""
    text = (ROOT / "bloghub" / "settings.py").read_text()
    return set(re.findall(r'env\.(?:text|flag|number|words|contact)\(\s*"(\w+)"', text))


def test_the_readme_explains_every_setting() -> None:
    readme = (ROOT / "README.md").read_text()
    assert environment_names()
    assert not {name for name in environment_names() if f"`{name}`" not in readme}


def test_the_demo_is_for_this_machine_only() -> None:
    script = "from django.conf import settings as s; print(s.DEMO)"
    for address, expected in (("http://localhost:8000", "True"), ("https://hub.example", "False")):
        done = manage("shell", "-v0", "-c", script, BLOGHUB_DEMO="1", BLOGHUB_PUBLIC_URL=address, BLOGHUB_DATA_DIR=DATA)
        assert done.stdout.strip() == expected, done.stderr
