"""How a receiver knows that a webhook came from this node, and when.

    Tallystick-Time:      Unix ms at sending, decimal
    Tallystick-Signature: hex HMAC-SHA256 by the shared secret over time || "." || body

A receiver computes the same over the bytes it got, compares in constant time, and refuses times
that are older than it bears. Alerts carry an id: the same alert may come twice.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

TIME_HEADER: Final = "Tallystick-Time"
SIGNATURE_HEADER: Final = "Tallystick-Signature"


def sign_webhook(secret: str, time_ms: int, body: bytes) -> dict[str, str]:
    """The headers that go with a body.

    Args:
        secret: shared with the receiver.
        time_ms: of sending.
        body: as sent, to the byte.
    """
    message = f"{time_ms}.".encode() + body
    signature = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return {TIME_HEADER: str(time_ms), SIGNATURE_HEADER: signature}
