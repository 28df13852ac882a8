"""A validator's keys file: where each of its three keys is, and what it needs to be used.

JSON of mode 0600 with `attest_key`, `send_key` and `transport_key`. Each is 64 hex digits, or
`{"keystore": PATH}`; the first two may also be `{"signer": URL, "public_key": HEX}` with the
optional TLS files `ca_file`, `certificate_file` and `certificate_key_file`. Paths are relative to
the keys file.
"""

from __future__ import annotations

import msgspec


class KeySource(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A key that does not lie bare in the keys file: in a keystore, or with a signer."""

    keystore: str | None = None
    """Path of a Web3 Secret Storage file; the passphrase opens it."""
    signer: str | None = None
    """URL of a signer that speaks web3signer's eth1 API."""
    public_key: str | None = None
    """The key that the signer is to sign with: 0x and 128 hex digits."""
    ca_file: str | None = None
    """Certificates by which the signer is known."""
    certificate_file: str | None = None
    """What the signer knows us by, with `certificate_key_file`."""
    certificate_key_file: str | None = None


class KeysFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. A text is a bare key in hex."""

    attest_key: str | KeySource
    send_key: str | KeySource
    transport_key: str | KeySource
