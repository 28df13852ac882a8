"""The key by which a meter asks for leases: made when it is first needed, named on chain."""

from __future__ import annotations

from coincurve import PrivateKey

from tallystick.chain.keys import create_chain_key, read_private
from tallystick.client.errors import MeterUnknown
from tallystick.client.meters import load_meters
from tallystick.client.signers import find_registrar
from tallystick.client.wire import Wire
from tallystick.core.attestation import compute_address

FILE_NAME = "lease.key"


def load_lease_key(wire: Wire, meter: int) -> PrivateKey:
    """The lease key of a meter of this folder, which the chain knows when this returns.

    Raises:
        MeterUnknown: the meter was not registered from this folder.
    """
    found = load_meters(wire)[meter]
    folder = wire.folder.meter(found.name)
    if not (folder / "meter.json").exists():
        known = [path.parent.name for path in folder.parent.glob("*/meter.json")]
        raise MeterUnknown("meter of this folder", found.name, known)
    path = folder / FILE_NAME
    if not path.exists():
        create_chain_key(path)
    key = PrivateKey.from_hex(read_private(path).decode().strip().removeprefix("0x"))
    address = compute_address(key.public_key)
    if found.lease_key != address:
        signer = find_registrar(wire, found.account)
        wire.send(signer, wire.registry.set_lease_key(meter, address))
    return key
