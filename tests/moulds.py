"""What is made once and copied for every test run that can use it: the migrated database, and a migrated hub.

They lie in the tests' data directory until the code of the hub changes (``mark``); one of several processes makes them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from pathlib import Path

import psycopg2
from django.core.management import call_command
from django.db import connection
from psycopg2.sql import SQL, Identifier

from bloghub import embedded
from bloghub.embedded.locks import Lock
from tests.servers import DATA_DIR

ROOT = Path(__file__).resolve().parent.parent
_KEPT = 3  # of each kind: a run that began before the code changed may still copy its own


@cache
def mark() -> str:
    """Changes with every line of the hub's Python and with the versions of what it stands on."""
    found = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(path for name in ("bloghub", "aggregator", "comments") for path in (ROOT / name).rglob("*.py")):
        found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def database() -> str:
    """The name of a migrated and empty database beside the one of the settings, for CREATE DATABASE … TEMPLATE."""
    name = f"mould_{mark()}"
    with Lock(DATA_DIR / ".moulds.lock") as alone:
        alone.take()
        with closing(psycopg2.connect(embedded.addresses(DATA_DIR).database_url)) as ours:
            ours.autocommit = True
            with ours.cursor() as cursor:
                cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'mould%' ORDER BY oid")
                there = [row[0] for row in cursor.fetchall()]
                if name not in there:
                    for old in [found for found in there if found == "mould_draft"] + there[: 1 - _KEPT]:
                        cursor.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(old)))
                    cursor.execute("CREATE DATABASE mould_draft")
                    _migrate("mould_draft")
                    cursor.execute(SQL("ALTER DATABASE mould_draft RENAME TO {}").format(Identifier(name)))
    return name


def _migrate(name: str) -> None:
    """This process's own Django, so that it need not be loaded once more."""
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", interactive=False, verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def copy_hub(data_dir: Path, environment: Mapping[str, str]) -> None:
    """A data directory as a hub leaves it that was migrated and stopped; ``environment`` is for making the first."""
    made = DATA_DIR / f"hub-{mark()}"
    with Lock(DATA_DIR / ".hub-moulds.lock") as alone:
        alone.take()
        if not made.exists():
            _make_hub(made, environment)
        # Their owners stay: root's servers run as somebody else
        subprocess.run(["cp", "-a", "--reflink=auto", made, data_dir], check=True)


def _make_hub(made: Path, environment: Mapping[str, str]) -> None:
    for old in sorted(DATA_DIR.glob("hub-*"), key=lambda path: path.stat().st_mtime)[: 1 - _KEPT]:
        shutil.rmtree(old)
    draft = DATA_DIR / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    with closing(embedded.use(draft)):
        command = [sys.executable, "manage.py", "migrate", "-v0"]
        given = os.environ | environment | {"BLOGHUB_DATA_DIR": str(draft)}
        done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    for left in ("log", "run", "redis"):
        shutil.rmtree(draft / left, ignore_errors=True)
    draft.rename(made)


def static_files() -> Path:
    """The static files as web serves them, for BLOGHUB_STATIC_ROOT: to press them takes longer than a test."""
    found = hashlib.sha256()
    for path in sorted(path for path in (ROOT / "static").rglob("*") if path.is_file()):
        found.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    made = DATA_DIR / f"static-{found.hexdigest()[:16]}"
    with Lock(DATA_DIR / ".static-moulds.lock") as alone:
        alone.take()
        if not made.exists():
            for old in DATA_DIR.glob("static-*"):
                shutil.rmtree(old)
            draft = DATA_DIR / "static-draft"
            given = os.environ | {"BLOGHUB_STATIC_ROOT": str(draft)}
            command = [sys.executable, "manage.py", "collectstatic", "-v0", "--noinput"]
            subprocess.run(command, cwd=ROOT, env=given, check=True)
            draft.rename(made)
    return made
