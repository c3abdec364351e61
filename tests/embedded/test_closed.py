"""The embedded servers are reachable by their owner alone, wherever the data lies and whoever runs them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from kombu.exceptions import OperationalError
from redis.exceptions import ResponseError

from bloghub import embedded
from bloghub.embedded.place import Place
from tests.embedded.hands import (
    ROOT,
    another_process,
    ask,
    both_answer,
    is_kept,
    ping,
    processes,
    redis,
    until,
)


def test_our_role_owns_its_database_and_rules_nothing_else(used: embedded.Use, data_dir: Path) -> None:
    assert ask(data_dir, "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user") == [
        (False, False)
    ]
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert ask(data_dir, owner) == [("bloghub",)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(data_dir, "COPY (SELECT 1) TO PROGRAM 'id'")


def test_the_extensions_are_there(used: embedded.Use, data_dir: Path) -> None:
    assert {("pg_trgm",), ("unaccent",), ("citext",)} <= set(ask(data_dir, "SELECT extname FROM pg_extension"))
    assert ask(data_dir, "SELECT lower('ÄÖÅ'), show_trgm('ä') <> '{}'") == [("äöå", True)]


@pytest.mark.parametrize("command", ["KEYS *", "CONFIG GET dir", "FLUSHALL", "SHUTDOWN", "DEBUG SLEEP 0", "ACL LIST"])
def test_dangerous_commands_are_refused(used: embedded.Use, data_dir: Path, command: str) -> None:
    with redis(data_dir) as client, pytest.raises(ResponseError):
        client.execute_command(*command.split())


@pytest.mark.parametrize("name", ["bloghub:@", "bloghub:wrong@", "bloghub_admin:@", ""])
def test_without_the_password_nobody_gets_in(used: embedded.Use, data_dir: Path, name: str) -> None:
    given, secret = embedded.addresses(data_dir), embedded.secrets(data_dir)
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(given.database_url.replace(f"bloghub:{secret.database_password}@", name or "postgres@"))
    with pytest.raises((OperationalError, ResponseError, ConnectionError)):
        ping(given.redis_url.replace(f"bloghub:{secret.redis_password}@", name))


def test_no_server_listens_on_a_port(used: embedded.Use, data_dir: Path) -> None:
    listening = {name: process.net_connections("inet") for name, process in processes(data_dir).items()}
    assert listening == {"postgres": [], "valkey-server": []}


def test_no_password_is_on_a_command_line(used: embedded.Use, data_dir: Path) -> None:
    lines = " ".join(word for process in processes(data_dir).values() for word in process.cmdline())
    secret = embedded.secrets(data_dir)
    assert not [word for word in (secret.database_password, secret.redis_password) if word in lines]


def test_a_checkout_that_lies_deep_has_its_sockets_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    sockets = Place(deep).socket_dir()
    assert not sockets.is_relative_to(tmp_path)
    with closing(embedded.use(deep)):
        assert both_answer(deep)
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    shutil.rmtree(sockets)


def test_a_directory_that_somebody_put_in_the_way_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    (tmp_path / "trap").mkdir()
    sockets = Place(deep).socket_dir()
    sockets.symlink_to(tmp_path / "trap")
    try:
        with pytest.raises(embedded.EmbeddedError, match="does not belong"):
            embedded.use(deep)
    finally:
        sockets.unlink()


def test_two_data_directories_never_meet(used: embedded.Use, data_dir: Path, tmp_path: Path) -> None:
    other = tmp_path / "var"
    with closing(embedded.use(other)):
        ask(other, "CREATE TABLE mine AS SELECT 1")
        with pytest.raises(psycopg2.errors.UndefinedTable):
            ask(data_dir, "SELECT * FROM mine")
    assert both_answer(data_dir)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_directory_that_cannot_be_made_is_said_in_one_line() -> None:
    with pytest.raises(embedded.EmbeddedError, match=r"Set BLOGHUB_DATA_DIR\.$"):
        embedded.addresses(Path("/proc/nowhere"))


@pytest.mark.skipif(os.geteuid() != 0, reason="all the other tests show it then")
def test_an_ordinary_user_can_run_them() -> None:
    """As nobody, with a Python that nobody may start; root joins, and leaves files that nobody can still use."""
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    packages = str(Path(psycopg2.__file__).parent.parent)
    python = next((name for name in (sys.executable, "/usr/bin/python3") if _starts(*as_nobody, name)), None)
    if python is None:
        pytest.skip("nobody may not start a Python here")
    data_dir = Path("/tmp") / f"bloghub-test-{os.getpid()}"
    data_dir.mkdir(mode=0o700)
    shutil.chown(data_dir, "nobody", "nogroup")
    try:
        for _ in range(2):
            with another_process(data_dir, *as_nobody, python, PYTHONPATH=packages):
                assert {process.username() for process in processes(data_dir).values()} == {"nobody"}
            until(lambda: not is_kept(data_dir), "the servers to stop")
            with closing(embedded.use(data_dir)):
                assert both_answer(data_dir)
                assert {process.username() for process in processes(data_dir).values()} == {"nobody"}
    finally:
        shutil.rmtree(data_dir)


def _starts(*command: str) -> bool:
    """Whether it can import our code, and start itself again as the keeper is started."""
    again = "import subprocess, sys; subprocess.check_call([sys.executable, '-c', 'import bloghub.embedded'])"
    tried = subprocess.run([*command, "-c", again], cwd=ROOT, capture_output=True, check=False)
    return tried.returncode == 0
