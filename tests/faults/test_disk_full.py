"""The disk of the database, the broker and the logs is full for a while: nothing half written, back without a hand.

The hub lies in a small file system of its own, in a mount namespace that ends with the trial. That takes root.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from bloghub import embedded
from tests import absent, moulds
from tests.faults.blogs import POSTS, RUN_OUT, Blogs
from tests.faults.readers import Readers
from tests.hub import ROOT, Hub
from tests.scale import FULL, at_length
from tests.web import serve

FEEDS, PEOPLE = 20, 400 if FULL else 120
FULL_FOR = 60.0 if FULL else 4.0  # s
SIZE = "400m"
LONG = 60_000  # bytes of a post, which do not compress: they cannot go where something has been
PRIVATE = ["unshare", "--mount", "--propagation", "private"]


@at_length
def test_a_full_disk_half_writes_nothing_and_its_end_is_noticed() -> None:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        absent.stop("A SMALL FILE SYSTEM (a full disk is not tried): only root may mount one", curable=False)
    tried = subprocess.run([*PRIVATE, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    if tried.returncode:
        absent.stop(f"A SMALL FILE SYSTEM (a full disk is not tried): {tried.stderr.decode().strip()}", curable=False)
    command = [*PRIVATE, sys.executable, "-m", "tests.faults.test_disk_full"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert ran.returncode == 0, ran.stderr


@contextmanager
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="bloghub-full-"))
    options = f"size={SIZE},mode=711"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=False)
        folder.rmdir()


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is left on it, and what becomes free is taken at once."""
    ballast = disk / "ballast"
    fill(ballast)
    try:
        yield
    finally:
        ballast.unlink()


def fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def main() -> None:
    pages = {"BLOGHUB_STATIC_ROOT": str(moulds.static_files())}
    with small_disk() as disk, serve({}) as web, Hub(disk / "hub", allow=web.address, **pages) as hub:
        blogs = Blogs(web, FEEDS)
        blogs.register(hub)
        started = hub.start("worker"), hub.start("web")
        blogs.publish()
        blogs.make_due(hub)
        hub.until(lambda: blogs.is_stored(hub), "the first poll")
        with Readers(hub, PEOPLE) as readers:
            hub.until(lambda: len(readers.taken) >= 5, "comments are written")
            blogs.publish()
            blogs.body = f"<p>{random.randbytes(LONG // 2).hex()}</p>"
            with filled(disk):
                on_a_full_disk(hub, blogs, readers)
            afterwards(hub, blogs, readers)
        assert [process.poll() for process in started] == [None, None]


def on_a_full_disk(hub: Hub, blogs: Blogs, readers: Readers) -> None:
    with suppress(OperationalError, RedisError, psycopg2.Error):  # neither can take a word, perhaps
        blogs.make_due(hub)
    end = time.monotonic() + FULL_FOR
    while time.monotonic() < end:
        fill(hub.data_dir.parent / "ballast")
        assert readers.page() in {200, 503}
        time.sleep(0.1)
    with suppress(psycopg2.Error):
        assert blogs.stored(hub) < FEEDS * POSTS, "there was room for all of it"


def afterwards(hub: Hub, blogs: Blogs, readers: Readers) -> None:
    """Nobody does anything but make room; what was leased is due when its lease has run out."""
    hub.until(lambda: readers.page() == 200, "pages answer")
    count = len(readers.taken)
    hub.until(lambda: len(readers.taken) > count, "comments are taken")
    with suppress(psycopg2.Error):
        hub.database.close()
    hub.database = psycopg2.connect(embedded.addresses(hub.data_dir).database_url)
    hub.database.autocommit = True
    hub.until(lambda: blogs.under_way == 0, "the servers have answered")
    hub.rows(RUN_OUT)
    deadline = time.monotonic() + 60
    while not blogs.is_stored(hub):
        assert time.monotonic() < deadline, "polls do not go on"
        with suppress(OperationalError, RedisError):
            blogs.make_due(hub)
        time.sleep(1)
    blogs.check(hub)
    readers.check()


if __name__ == "__main__":
    main()
