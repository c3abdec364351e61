"""What every benchmark stands on: a hub of its own in a temporary directory, what processes cost, and tables.

Owns starting and stopping, by process id, and measuring. Knows no question; each stands in a module of its own.
Nothing of Django is imported here, because the environment must be ready before the settings are.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any, Self

from bloghub import embedded

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")  # a second
_SAMPLE_EVERY = 0.2  # s
_PATIENCE = 120.0  # s for a process to be ready


class WrongResultError(Exception):
    """The product did not do what was measured: rows are missing, an answer is not the one asked for."""


# --- what processes cost ---------------------------------------------------------------------------------------------


def tree(pid: int) -> list[int]:
    """This process and all its descendants that live now."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found


def cpu_seconds(pid: int) -> float:
    """CPU that this process and its descendants have used, the ended ones among them that were waited for."""
    total = 0
    for member in tree(pid):
        with suppress(OSError):
            total += sum(int(ticks) for ticks in _stat(member)[11:15])
    return total / _TICKS


def proportional_bytes(pid: int) -> int:
    """Memory of the whole tree, shared pages counted once (PSS)."""
    total = 0
    for member in tree(pid):
        with suppress(OSError):
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
            total += 1024 * sum(int(kib) for kib in re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE))
    return total


def largest_bytes(pid: int) -> int:
    """The highest resident size that any process of the tree, still living, ever had (VmHWM)."""
    peaks = [0]
    for member in tree(pid):
        with suppress(OSError):
            status = Path(f"/proc/{member}/status").read_text()
            peaks += [1024 * int(kib) for kib in re.findall(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)]
    return max(peaks)


def _stat(pid: int) -> list[str]:
    """The fields of proc(5)'s stat after the name, so that index 1 is the parent and 11 to 14 are times."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


class Peak:
    """The highest memory of a tree while the block runs, sampled."""

    def __init__(self, pid: int) -> None:
        self.pid, self.total, self.largest = pid, 0, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while True:
            self.total = max(self.total, proportional_bytes(self.pid))
            self.largest = max(self.largest, largest_bytes(self.pid))
            if self._over.wait(_SAMPLE_EVERY):
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@dataclass(frozen=True, slots=True)
class Cost:
    """What one job took: seconds on the wall, and seconds of CPU by who spent them."""

    wall: float
    cpu: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.cpu.values())


def cost_of(job: Callable[[], object], pids: Mapping[str, int]) -> Cost:
    """Runs the job and reads the CPU of these trees before and after it."""
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    start = time.perf_counter()
    job()
    wall = time.perf_counter() - start
    return Cost(wall, {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()})


def middle(costs: Sequence[Cost]) -> Cost:
    """The medians of several runs, each figure by itself."""
    names = costs[0].cpu
    return Cost(median(cost.wall for cost in costs), {name: median(cost.cpu[name] for cost in costs) for name in names})


# --- the hub and the farm --------------------------------------------------------------------------------------------


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, *, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours in a session of its own, ended with all its children when the block ends."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    members = tree(process.pid)
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        for member in members:
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        process.wait()


def wait_for(condition: Callable[[], Any], what: str, *, every: float = 0.05, patience: float = _PATIENCE) -> None:
    """Asks until the answer is true; WrongResultError when it never is."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise WrongResultError(f"waited {patience:.0f} s in vain: {what}")
        time.sleep(every)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Hub:
    """A hub of its own: embedded servers, migrated, in a directory that goes when the block ends.

    The environment of this process is the hub's, and so is that of everything it starts.
    """

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        parent = os.environ.get("BLOGHUB_BENCH_DIR") or None
        self.directory = Path(tempfile.mkdtemp(prefix="bloghub-bench-", dir=parent))
        self._stack.callback(shutil.rmtree, self.directory, ignore_errors=True)
        self.directory.chmod(0o711)  # root's servers run as another account, which must pass here
        self.data_dir = self.directory / "var"
        os.environ.update(
            {
                "BLOGHUB_DATA_DIR": str(self.data_dir),
                "DJANGO_SETTINGS_MODULE": "bloghub.settings",
                "PORT": str(free_port()),
            }
        )
        for name in ("DATABASE_URL", "REDIS_URL", "BLOGHUB_ROLE"):
            os.environ.pop(name, None)
        use = embedded.use(self.data_dir)
        self._stack.callback(use.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start(
        self, name: str, *command: str | Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A process that lives as long as the hub; what it says is in ``log(name)``."""
        return self._stack.enter_context(running(command, self.log(name), environment=environment))

    def manage(self, *words: str) -> None:
        """One of manage.py's commands, quietly."""
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise WrongResultError(f"manage.py {words[0]}: {done.stderr.strip() or done.stdout.strip()}")

    def log(self, name: str) -> Path:
        return self.directory / f"{name}.log"

    @property
    def server_pids(self) -> dict[str, int]:
        """The roots of the trees of PostgreSQL and of the broker."""
        files = {"PostgreSQL": self.data_dir / "postgres/postmaster.pid", "broker": self.data_dir / "redis/valkey.pid"}
        return {name: int(path.read_text().split()[0]) for name, path in files.items()}


class FarmProcess:
    """The farm, started by a hub, and its desk."""

    def __init__(self, hub: Hub, *, blogs: int, entries: int, hosts: int = 0) -> None:
        self.blogs, self.entries = blogs, entries
        words = ["--port", "0", "--blogs", str(blogs), "--entries", str(entries), "--host-spread", str(hosts), "--warm"]
        name = f"farm-{len(list(hub.directory.glob('farm-*.log')))}"  # a hub may have several, one after the other
        process = hub.start(name, sys.executable, "-m", "benchmarks.farm", *words)
        said = hub.log(name)
        wait_for(lambda: "ready" in said.read_text() or process.poll() is not None, "the farm is ready")
        found = re.search(r"port=(\d+)", said.read_text())
        if found is None:
            raise WrongResultError(f"the farm did not start: {said.read_text()}")
        self.port = int(found[1])

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def feed_url(self, blog: int) -> str:
        return f"http://{self.address}/blog/{blog}/feed"

    def get(self, path: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def control(self, wish: str) -> dict[str, int]:
        """Moves time on (``/control``); what changed."""
        answer: dict[str, int] = json.loads(self.get(f"/control?{wish}"))
        return answer

    def stats(self) -> dict[str, Any]:
        """What clients did since this was last asked."""
        answer: dict[str, Any] = json.loads(self.get("/stats?reset=1"))
        return answer


# --- what is printed -------------------------------------------------------------------------------------------------


def machine() -> str:
    """One line about where the figures come from."""
    models = re.findall(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Linux {platform.release()}, Python {platform.python_version()}, load average {load:.1f} at the start"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A Markdown table; the first column is text, the others are figures."""
    cells = [[str(cell) for cell in row] for row in rows]
    print("|", " | ".join(head), "|")
    print("| --- |" + " ---: |" * (len(head) - 1))
    for row in cells:
        print("|", " | ".join(row), "|")
    print(flush=True)


def heading(title: str, method: str) -> None:
    """A section of the report with its method."""
    print(f"\n## {title}\n\n{method}\n\n{machine()}\n", flush=True)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share (0 … 1) of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds: float, digits: int = 2) -> str:
    return f"{seconds * 1000:.{digits}f} ms"


def mebibytes(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"
