"""The way to the broker: kombu's own, with one fault mended that ended workers when the broker died under a task.

With kombu 5.7 a worker that loses the broker closes its connection twice. When the first time fails half-way, because
the broker is still away, the second looks for the address in a transport that has let go of it: an AttributeError,
which nobody takes for a lost connection, and the worker ends.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as BrokerAwayError


class Channel(redis.Channel):
    """Says of a transport that has let go of its connection what it is: a connection that is lost."""

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection.client is None:
            raise BrokerAwayError("the connection to the broker is closed")
        return super()._connparams(asynchronous=asynchronous)  # type: ignore[misc]  # not in the stubs


class Transport(redis.Transport):
    Channel = Channel


def use() -> None:
    """Every address of a Redis-protocol server is reached by this transport from now on."""
    TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"))
