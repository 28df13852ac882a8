"""Which events were recorded already: an event of the same identity bills once, whoever repeats it.

Identities become durable with their records, in the call log; what lies here is an index of it,
rebuilt from the log's tail after a crash. It forgets the oldest beyond a count and an age.
"""

from __future__ import annotations

from typing import Final

from tallystick.core.hashes import compute_keccak256

ID_BYTES: Final = 32


def compute_event_id(source: str, name: str) -> bytes:
    """The identity of an event: keccak-256 of source and id, each behind its length.

    Args:
        source: who reports it, such as a CloudEvents `source`.
        name: what it calls the event, unique at that source.

    Returns:
        32 bytes.
    """
    parts = (source.encode(), name.encode())
    return compute_keccak256(b"".join(len(part).to_bytes(8, "big") + part for part in parts))
