"""Texts that stay off chain: what goes on it is a salted hash, text and salt stay in the folder."""

from __future__ import annotations

import secrets
from typing import Final

import msgspec

from tallystick.core.hashes import compute_keccak256
from tallystick.local.files import PRIVATE_FILE, locked, read_document, write_document
from tallystick.local.folder import NetworkFolder

SALT_BYTES: Final = 32


class Commitment(msgspec.Struct, frozen=True):
    """A text, and what it was committed to for; the salt in hex."""

    about: str
    text: str
    salt: str

    def compute_hash(self) -> bytes:
        """keccak-256 of salt and text: 32 bytes."""
        return compute_keccak256(bytes.fromhex(self.salt), self.text.encode())


class Commitments:
    """The folder's texts by their hashes.

    Args:
        folder: the network's folder.
    """

    def __init__(self, folder: NetworkFolder) -> None:
        self._path = folder.commitments_file

    def commit(self, about: str, text: str) -> bytes:
        """The hash of a text, kept before it is used; the same text about the same has one hash.

        Args:
            about: what it says something about.
            text: what must not go on chain.
        """
        with locked(self._path.with_suffix(".lock")):
            known = self._load()
            for content, commitment in known.items():
                if (commitment.about, commitment.text) == (about, text):
                    return bytes.fromhex(content)
            made = Commitment(about, text, secrets.token_bytes(SALT_BYTES).hex())
            made_hash = made.compute_hash()
            write_document(self._path, {**known, made_hash.hex(): made}, mode=PRIVATE_FILE)
            return made_hash

    def find(self, content: bytes) -> str | None:
        """The text behind a hash, None where it was committed to elsewhere."""
        found = self._load().get(content.hex())
        return None if found is None else found.text

    def _load(self) -> dict[str, Commitment]:
        raw = read_document(self._path, dict) or {}
        return {content: msgspec.convert(entry, Commitment) for content, entry in raw.items()}
