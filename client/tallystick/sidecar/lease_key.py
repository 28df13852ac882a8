"""A meter's lease key as a running program reads it: made and registered beforehand."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from coincurve import PrivateKey

from tallystick.client.lease_keys import FILE_NAME
from tallystick.sidecar.errors import LeaseKeyMissing

OTHERS: Final = 0o077


def read_lease_key(folder: Path) -> PrivateKey:
    """The lease key in a meter's folder.

    Raises:
        LeaseKeyMissing: there is none, others may read it, or it is no key.
    """
    path = folder / FILE_NAME
    try:
        if path.stat().st_mode & OTHERS:
            raise LeaseKeyMissing("others can read the lease key", expected="mode 600")
        return PrivateKey.from_hex(path.read_text().strip().removeprefix("0x"))
    except (OSError, ValueError) as error:
        raise LeaseKeyMissing(
            "the meter has no lease key", expected=str(path), actual=type(error).__name__
        ) from error
