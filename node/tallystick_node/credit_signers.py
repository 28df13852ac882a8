"""Who signed a credit, and whether the chain says that they may."""

from __future__ import annotations

from typing import Final

from coincurve import PublicKey

from tallystick.chain.bindings.registry import Registry
from tallystick.chain.reader import read_view, read_views
from tallystick.chain.rpc import Rpc
from tallystick.core.attestation import compute_address
from tallystick.core.corrections import Credit
from tallystick_node.acts.judge import CreditSignatures
from tallystick_node.errors import SignerRefused

FIRST_V: Final = 27


class RegistrySigners:
    """Asks the Registry.

    Args:
        rpc: this node's.
        registry: 0x address.
    """

    def __init__(self, rpc: Rpc, registry: str) -> None:
        self._rpc = rpc
        self._registry = Registry(registry)

    async def check(self, credit: Credit, digest: bytes, signatures: CreditSignatures) -> None:
        """The meter's owner and the organisation's registrar signed.

        Raises:
            SignerRefused: one of them did not.
        """
        owner = recover_signer(digest, signatures.owner)
        registrar = recover_signer(digest, signatures.registrar)
        meter = await read_view(self._rpc, self._registry.meter_of(credit.meter))
        _, (is_owner, is_registrar) = await read_views(
            self._rpc,
            [
                self._registry.is_controller(owner, meter.account),
                self._registry.is_registrar(registrar, credit.project),
            ],
        )
        if not is_owner:
            raise SignerRefused(
                "no controller of the meter's account signed the credit", actual=owner
            )
        if not is_registrar:
            raise SignerRefused(
                "no registrar of the organisation signed the credit", actual=registrar
            )


def recover_signer(digest: bytes, signature: bytes) -> str:
    """The lower-case 0x address whose key signed, from 65 bytes r, s, v.

    Raises:
        SignerRefused: no key is recoverable.
    """
    parity = signature[64] - FIRST_V
    try:
        key = PublicKey.from_signature_and_message(
            signature[:64] + bytes([max(parity, 0)]), digest, hasher=None
        )
    except ValueError as error:
        raise SignerRefused("a signature of the credit is malformed") from error
    return compute_address(key)
