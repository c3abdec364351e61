"""Looking names up: once each, judged by the fetch policy before anybody sees the answer.

Owns the set of addresses that may be connected to. Opens no connection.
"""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from bloghub.lib.addresses import FetchPolicy, Refusal
from bloghub.lib.networks import literal_address, type_address
from bloghub.lib.observing import SILENT, Observer

RESOLVER_THREADS = 16  # a name server that does not answer holds one of them for seconds
LOOKUP_SECONDS = 5.0

type_found = list[tuple[socket.AddressFamily, str]]


class ClosedError(OSError):
    """Carries a refusal out through libraries that let only OSError pass."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


class Lookup:
    """The names of one client's life. One forbidden answer among good ones refuses the name: which of them a
    connection would use is not for its owner to play with.
    """

    def __init__(self, policy: FetchPolicy, observer: Observer = SILENT) -> None:
        self._policy, self._observer = policy, observer
        self._passed: set[tuple[bytes, int]] = set()  # packed address and port
        self._trusted: set[tuple[str, int]] = set()
        self._tasks: dict[tuple[str, int], asyncio.Task[type_found | OSError]] = {}
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="lookup")

    def add(self, address: type_address, port: int) -> None:
        """Note an address that has been judged without a name."""
        self._passed.add((address.packed, port))

    def trust(self, host: str, port: int) -> None:
        """Take whatever addresses this name has: the operator has named it, and for nothing but this port."""
        self._trusted.add((host, port))
        address = literal_address(host)
        if address is not None:
            self.add(address, port)

    def check(self, address: str, port: int, family: socket.AddressFamily) -> None:
        """The last wall before a connection. Raises ClosedError for an address that was not judged."""
        if (socket.inet_pton(family, address), port) not in self._passed:
            raise ClosedError(Refusal("blocked_address", "This address is closed to BlogHub."))

    async def find(self, host: str, port: int) -> type_found:
        """The addresses of ``host``. Raises ClosedError when one of them is forbidden, else OSError."""
        task = self._tasks.get((host, port))
        if task is None:
            task = self._tasks[host, port] = asyncio.create_task(self._find(host, port))
        found = await asyncio.shield(task)  # others may wait for the same name
        if isinstance(found, OSError):
            raise found
        return found

    async def _find(self, host: str, port: int) -> type_found | OSError:
        """Errors are kept as values, so that a name that does not exist is asked for once only."""
        look = asyncio.get_running_loop().run_in_executor(self._threads, _getaddrinfo, host, port)
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                found = await look
        except TimeoutError:
            return socket.gaierror(socket.EAI_AGAIN, "no answer in time")
        except UnicodeError:  # a label that is empty or too long
            return socket.gaierror(socket.EAI_NONAME, "not a name")
        except OSError as error:
            return error
        packed = [socket.inet_pton(family, address) for family, address in found]
        for address, (_family, written) in zip(packed, found, strict=True):
            refusal = None if (host, port) in self._trusted else self._policy.judge(host, port, address)
            self._observer.judged_address(host, written, refusal)
            if refusal is not None:
                return ClosedError(refusal)
        self._passed.update((address, port) for address in packed)
        return found

    def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)  # one may hang in the C library for a while


def _getaddrinfo(host: str, port: int) -> type_found:
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    return [(family, str(address[0]).partition("%")[0]) for family, _, _, _, address in infos]
