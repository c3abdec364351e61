"""The embedded servers run while somebody uses them, come back when they are killed, and lose nothing."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from bloghub import embedded
from bloghub.embedded.account import runs_as
from bloghub.embedded.place import Place
from tests.embedded.hands import (
    FORKING_USER,
    another_process,
    ask,
    both_answer,
    is_kept,
    keeper_of,
    processes,
    redis,
    until,
)


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
