"""The embedded servers: they run while anybody uses them, whatever happens to whom, and only their owner gets in."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from kombu import Connection
from kombu.exceptions import OperationalError
from redis.exceptions import ResponseError

from bloghub import embedded
from bloghub.embedded.account import runs_as
from bloghub.embedded.locks import Lock
from bloghub.embedded.place import Place

ROOT = Path(__file__).resolve().parent.parent
USER = """
import sys
from pathlib import Path
from bloghub import embedded
embedded.use(Path(sys.argv[1]))
print("in", flush=True)
sys.stdin.read()
"""

FORKING_USER = USER.replace("sys.stdin", "import os, time\nprint(os.fork() or time.sleep(99), flush=True)\nsys.stdin")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "var"


@pytest.fixture
def used(data_dir: Path) -> Iterator[embedded.Use]:
    """The servers of ``data_dir``, used by this test; whatever it did, they are stopped after it."""
    held = embedded.use(data_dir)
    yield held
    held.close()
    until(lambda: not is_kept(data_dir), "the servers to stop")


def until(condition: Callable[[], bool], what: str, patience: float = 60) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def is_kept(data_dir: Path) -> bool:
    return Lock.is_taken(Place(data_dir).keeper)


def processes(data_dir: Path) -> dict[str, psutil.Process]:
    """The servers of a data directory by their programs' names, found without asking the code under test."""
    found = {}
    for process in psutil.process_iter(["cmdline", "name"]):
        words = process.info["cmdline"] or []
        if str(data_dir / "postgres") in words or str(data_dir / "redis") in words:
            found[process.info["name"]] = process
    return found


def keeper_of(data_dir: Path) -> psutil.Process:
    return next(iter(processes(data_dir).values())).parent()


def ask(data_dir: Path, statement: str) -> Any:
    with closing(psycopg2.connect(embedded.addresses(data_dir).database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None


@contextmanager
def redis(data_dir: Path) -> Iterator[Any]:
    with Connection(embedded.addresses(data_dir).redis_url) as connection:
        channel: Any = connection.default_channel
        yield channel.client


def ping(url: str) -> None:
    with Connection(url) as connection:
        channel: Any = connection.default_channel
        channel.client.ping()


def both_answer(data_dir: Path) -> bool:
    try:
        with redis(data_dir) as client:
            return bool(ask(data_dir, "SELECT 1") == [(1,)] and client.ping())
    except (psycopg2.OperationalError, OSError):
        return False


@contextmanager
def another_process(
    data_dir: Path, *command: str, script: str = USER, **environment: str
) -> Iterator[subprocess.Popen[bytes]]:
    """One that uses the servers; it ends when its standard input does."""
    words = [*(command or (sys.executable,)), "-c", script, str(data_dir)]
    environment = {**os.environ, **environment}
    with subprocess.Popen(words, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"in\n"
        yield process
        process.kill()


def test_the_addresses_are_known_before_anything_runs_and_do_not_change(tmp_path: Path) -> None:
    first = embedded.addresses(tmp_path / "var")
    assert embedded.addresses(tmp_path / "var") == first
    assert not is_kept(tmp_path / "var")


def test_the_secrets_are_for_their_owner_alone_and_differ_everywhere(tmp_path: Path) -> None:
    one, other = embedded.secrets(tmp_path / "one"), embedded.secrets(tmp_path / "other")
    assert one == embedded.secrets(tmp_path / "one") != other
    assert len(one.secret_key) >= 50
    assert one.secret_key not in repr(one)
    assert stat.S_IMODE((tmp_path / "one" / "secrets.json").stat().st_mode) == 0o600


def test_both_servers_answer_while_used_and_are_gone_afterwards(data_dir: Path) -> None:
    with closing(embedded.use(data_dir)):
        assert both_answer(data_dir)
        assert set(processes(data_dir)) == {"postgres", "valkey-server"}
    assert processes(data_dir) == {}


def test_the_data_is_there_the_next_time(data_dir: Path) -> None:
    with closing(embedded.use(data_dir)), redis(data_dir) as client:
        ask(data_dir, "CREATE TABLE kept AS SELECT 7 AS number")
        client.set("kept", "seven")
    with closing(embedded.use(data_dir)), redis(data_dir) as client:
        assert ask(data_dir, "SELECT number FROM kept; DROP TABLE kept") is None
        assert client.get("kept") == b"seven"


def test_a_second_process_joins_and_leaves_the_servers_to_the_first(used: embedded.Use, data_dir: Path) -> None:
    before = processes(data_dir)
    with another_process(data_dir) as other:
        other.communicate()
    assert other.returncode == 0
    assert processes(data_dir) == before
    assert both_answer(data_dir)


def test_the_servers_stay_for_whoever_still_uses_them(data_dir: Path) -> None:
    held = embedded.use(data_dir)
    before = processes(data_dir)
    with another_process(data_dir):
        held.close()
        assert both_answer(data_dir)
        assert processes(data_dir) == before
    until(lambda: not processes(data_dir), "the servers to stop after the last user")


def test_a_killed_user_leaves_nothing_running(data_dir: Path) -> None:
    with another_process(data_dir) as user:
        user.kill()
        user.wait()
    until(lambda: not processes(data_dir) and not is_kept(data_dir), "the servers to stop")


def test_a_forked_child_does_not_keep_the_servers_of_its_dead_parent(data_dir: Path) -> None:
    with another_process(data_dir, script=FORKING_USER) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            parent.kill()
            until(lambda: not processes(data_dir), "the servers to stop")
        finally:
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("program", ["postgres", "valkey-server"])
def test_a_killed_server_comes_back(used: embedded.Use, data_dir: Path, program: str) -> None:
    killed = processes(data_dir)[program]
    killed.kill()
    until(lambda: processes(data_dir).get(program, killed) != killed and both_answer(data_dir), "a new one")


def test_servers_whose_keeper_was_killed_are_taken_over(data_dir: Path) -> None:
    with another_process(data_dir):
        before = processes(data_dir)
        keeper_of(data_dir).kill()
        until(lambda: not is_kept(data_dir), "the keeper to die")
        with closing(embedded.use(data_dir)):
            assert processes(data_dir) == before
            assert both_answer(data_dir)
    until(lambda: not processes(data_dir), "the servers to stop")


def test_after_a_power_cut_everything_committed_is_there(data_dir: Path) -> None:
    with another_process(data_dir):
        ask(data_dir, "CREATE TABLE committed AS SELECT 1 AS number")
        dead = [keeper_of(data_dir), *processes(data_dir).values()]
        for process in dead:
            process.kill()
    until(lambda: not processes(data_dir), "the death of all")
    # The machine is up again, and the number belongs to somebody else by now
    stranger = subprocess.Popen(runs_as(data_dir).command("sleep", "300"))  # of the account that runs the servers
    for stale in (data_dir / "postgres" / "postmaster.pid", Place(data_dir).socket_dir() / ".s.PGSQL.5432.lock"):
        stale.write_text("\n".join([str(stranger.pid), *stale.read_text().split("\n")[1:]]))
    with closing(embedded.use(data_dir)):
        assert ask(data_dir, "SELECT number FROM committed") == [(1,)]
        ask(data_dir, "DROP TABLE committed")
    stranger.kill()
    stranger.wait()


def test_a_half_made_database_is_made_anew(tmp_path: Path) -> None:
    place = tmp_path / "var"
    (place / "postgres.new").mkdir(parents=True)
    (place / "postgres.new" / "PG_VERSION").write_text("18")
    with closing(embedded.use(place)):
        assert both_answer(place)


def test_unreadable_messages_are_put_aside(data_dir: Path) -> None:
    with closing(embedded.use(data_dir)), redis(data_dir) as client:
        client.set("something", "x" * 100)
    manifest = data_dir / "redis" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.write_text("nonsense\n")
    with closing(embedded.use(data_dir)):
        assert both_answer(data_dir)
    assert list(data_dir.glob("redis.unreadable-*"))


def test_lost_secrets_cost_no_data(data_dir: Path) -> None:
    with closing(embedded.use(data_dir)):
        ask(data_dir, "CREATE TABLE safe AS SELECT 1 AS number")
    before = embedded.addresses(data_dir)
    (data_dir / "secrets.json").unlink()
    assert embedded.addresses(data_dir) != before
    with closing(embedded.use(data_dir)):
        assert ask(data_dir, "SELECT number FROM safe") == [(1,)]
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(before.database_url)


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
