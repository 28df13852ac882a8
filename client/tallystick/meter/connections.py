"""How many connections a server bears, and who goes when there are more."""

from __future__ import annotations

import asyncio
import resource
from collections import OrderedDict
from typing import Final

OTHER_DESCRIPTORS: Final = 512
"""For stores, logs, and connections to the chain and to peers."""


class ConnectionRoom:
    """Room for so many connections; whoever has kept it waiting longest makes room for a new one.

    A connection waits from its beginning until its request has arrived whole, and again from the
    answer to the next request. Whoever opens thousands and says nothing, or says it slowly, loses
    them to those who have something to say.

    Args:
        limit: connections at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self._waiting: OrderedDict[asyncio.Transport, None] = OrderedDict()

    def enter(self, transport: asyncio.Transport) -> asyncio.Transport | None:
        """A connection is there, at the cost of another where there were enough.

        Returns:
            The one that was cut for it, which is gone a moment later.
        """
        self._count += 1
        oldest = None
        if self._count > self._limit and self._waiting:
            oldest, _ = self._waiting.popitem(last=False)
            oldest.abort()
        self._waiting[transport] = None
        return oldest

    def serve(self, transport: asyncio.Transport) -> None:
        """The connection's request has arrived: it is not closed before it is answered."""
        self._waiting.pop(transport, None)

    def wait(self, transport: asyncio.Transport) -> None:
        """The connection was answered, and waits for the next request unless it is gone."""
        if transport.is_closing():
            return
        self._waiting[transport] = None
        self._waiting.move_to_end(transport)

    def leave(self, transport: asyncio.Transport) -> None:
        """The connection is gone."""
        self._count -= 1
        self._waiting.pop(transport, None)


def fit_descriptors(connections: int, others: int = OTHER_DESCRIPTORS) -> int:
    """As many connections as there are descriptors for, whose bound is raised as far as it may be.

    Args:
        connections: as many as are wanted.
        others: what this process opens besides.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + others
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return connections
    return min(connections, max(soft - others, soft // 2))
