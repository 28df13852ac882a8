"""Answers from the validators' indexes, asked one after the other until one answers."""

from __future__ import annotations

from tallystick.client.index_reads import ChainReads
from tallystick.client.reads import Reads
from tallystick.client.wire import Wire


def open_reads(wire: Wire) -> Reads:
    """Whoever answers best: a validator of the folder's network, else an index of one's own."""
    return ChainReads(wire)
