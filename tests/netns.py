"""A network of its own for a test: any address can be put on loopback, names are answered as the test says.

Owns the namespace (made by util-linux, no root needed where user namespaces are allowed), its name server and its
canaries. What runs inside is a module with a ``__main__`` part that prints JSON:

    outcome = inside("tests.faults.test_fetch_policy")       # in the test
    settle(ADDRESSES, {"a.test": [["10.0.0.1"]]})             # first thing inside
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from tests import absent

ROOT = Path(__file__).resolve().parent.parent
NAME_SERVER = "127.0.0.53"
_TOOLS = ("unshare", "ip", "mount")
_FORBIDDEN = "not permitted|[Pp]ermission denied"  # what kernels and containers say who have them switched off
type_answers = Mapping[str, Sequence[Sequence[str]]]  # by name: what the 1st, 2nd … question gets, then round again


def require() -> None:
    """Ends the test where no namespace can be made: a failure on CI unless the machine forbids them.

    ``BLOGHUB_TEST_NETNS=off`` says that there is none to be had, and skips.
    """
    tells = "NETWORK NAMESPACES (the fetch policy is not tried for real)"
    if os.environ.get("BLOGHUB_TEST_NETNS") == "off":
        absent.stop(f"{tells}: BLOGHUB_TEST_NETNS=off", curable=False)
    lacking = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if lacking:
        absent.stop(f"{tells}: {', '.join(lacking)} not installed")
    made = _trial("true")
    if made:
        absent.stop(f"{tells}: {made}", curable=False)
    used = _trial("ip", "link", "set", "lo", "up")
    if used:
        absent.stop(f"{tells}: {used}", curable=not re.search(_FORBIDDEN, used))


def _trial(*command: str) -> str:
    """Why this cannot run in namespaces of its own; empty when it can."""
    tried = subprocess.run(["unshare", "-rnm", *command], capture_output=True, text=True, check=False)
    return (tried.stderr.strip() or f"exit code {tried.returncode}") if tried.returncode else ""


def inside(module: str, *, timeout: float = 120) -> dict[str, Any]:
    """Run ``module`` in namespaces of its own; what it prints, as JSON."""
    command = ["unshare", "-rnm", sys.executable, "-m", module]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def settle(addresses: Iterable[str], names: type_answers) -> None:
    """Inside: bring loopback up with ``addresses`` on it, and ask nobody but our own server for names."""
    _run("ip", "link", "set", "lo", "up")
    for address in addresses:
        _run("ip", "address", "add", f"{address}/{128 if ':' in address else 32}", "dev", "lo", "nodad")
    folder = Path(tempfile.mkdtemp())
    for name, text in (("resolv.conf", f"nameserver {NAME_SERVER}\n"), ("nsswitch.conf", "hosts: files dns\n")):
        (folder / name).write_text(text)
        if Path("/etc", name).exists():
            _run("mount", "--bind", str(folder / name), f"/etc/{name}")
    shutil.rmtree(folder, ignore_errors=True)  # the mounts keep what they show
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((NAME_SERVER, 53))
    threading.Thread(target=_answer_names, args=(server, names), daemon=True).start()


def _run(*command: str) -> None:
    if "nodad" in command and "." in command[3]:
        command = command[:-1]  # for IPv6 only
    subprocess.run(command, check=True, capture_output=True)


def _answer_names(server: socket.socket, names: type_answers) -> None:
    """RFC 1035, as much as a stub resolver needs; A and AAAA are counted apart."""
    turns = {(name, kind): cycle(answers) for name, answers in names.items() for kind in (1, 28)}
    while True:
        query, client = server.recvfrom(512)
        end = query.index(b"\0", 12)
        labels, at = [], 12
        while at < end:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind = struct.unpack(">H", query[end + 1 : end + 3])[0]
        turn = turns.get((".".join(labels).lower(), kind))
        family = socket.AF_INET if kind == 1 else socket.AF_INET6
        found = [
            socket.inet_pton(family, text) for text in (next(turn) if turn else []) if (":" in text) == (kind == 28)
        ]
        records = [struct.pack(">HHHIH", 0xC00C, kind, 1, 0, len(packed)) + packed for packed in found]
        flags = 0x8180 if turn else 0x8183
        head = query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0)
        server.sendto(head + query[12 : end + 5] + b"".join(records), client)


class Canaries:
    """Listens where nobody may come, and notes who came: ``address port`` each."""

    def __init__(self, places: Iterable[tuple[str, int]]) -> None:
        self.seen: list[str] = []
        self._places = list(places)
        self._ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._listen()), daemon=True).start()
        assert self._ready.wait(10)

    async def _listen(self) -> None:
        for address, port in self._places:
            await asyncio.start_server(self._note, address, port)
        self._ready.set()
        await asyncio.Event().wait()

    async def _note(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address, port = writer.get_extra_info("sockname")[:2]
        self.seen.append(f"{address} {port}")
        writer.close()
