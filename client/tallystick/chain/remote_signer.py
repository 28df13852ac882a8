"""A key that never leaves its signer: web3signer's eth1 API over HTTP.

Whatever speaks that API can stand in front of a hardware module. What comes back is verified:
a signer that is broken, or another one, can stop a validator but not make it send nonsense.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from coincurve import PublicKey

from tallystick.chain.errors import KeyFileInvalid, SignerAnswerWrong, SignerUnreachable
from tallystick.chain.signer import SIGNATURE_BYTES
from tallystick.core.attestation import SECP256K1_ORDER, compute_address
from tallystick.core.hashes import compute_keccak256

PUBLIC_KEY_BYTES: Final = 64
MAX_ANSWER_BYTES: Final = 1_024
MAX_ASKED_AT_ONCE: Final = 16
TRIES: Final = 3
FIRST_PAUSE_S: Final = 0.1
TIMEOUT_S: Final = 5.0
"""For one try."""
_FIRST_V: Final = 27
_SERVER_ERROR: Final = 500
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class SignerTls:
    """By what the signer and we know each other; None leaves it at what the machine trusts."""

    ca_file: Path | None = None
    certificate_file: Path | None = None
    certificate_key_file: Path | None = None


class RemoteSigner:
    """Asks a signer for the signatures of one key.

    Args:
        url: of the signer, such as https://signer.internal:9000.
        public_key: the key to sign with, 64 bytes.
        tls: see there.
        timeout_s: for one try; there are three.

    Raises:
        KeyFileInvalid: no URL of a signer, no key, or certificates that cannot be read.
    """

    def __init__(
        self,
        url: str,
        public_key: bytes,
        *,
        tls: SignerTls | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._name = _describe(url)
        self._url = f"{url.rstrip('/')}/api/v1/eth1/sign/0x{public_key.hex()}"
        self._key = _read_key(public_key)
        self._address = compute_address(self._key)
        self._timeout_s = timeout_s
        self._turns = asyncio.Semaphore(MAX_ASKED_AT_ONCE)
        self._client = httpx.AsyncClient(
            verify=_create_context(tls), timeout=timeout_s, trust_env=False, follow_redirects=False
        )

    @property
    def address(self) -> str:
        """The key's lower-case 0x address."""
        return self._address

    async def sign(self, message: bytes) -> bytes:
        """The 65 bytes r, s, recovery over keccak256(message), verified.

        Raises:
            SignerUnreachable: no answer in time, three times.
            SignerAnswerWrong: the signer refused, or answered what is no signature of its key.
        """
        async with self._turns:
            answer = await self._ask_patiently({"data": "0x" + message.hex()})
        return self._verify(_parse_signature(answer), message)

    async def aclose(self) -> None:
        """No connection is left open."""
        await self._client.aclose()

    async def _ask_patiently(self, body: dict[str, str]) -> bytes:
        pause_s = FIRST_PAUSE_S
        for _ in range(TRIES - 1):
            try:
                return await self._ask(body)
            except SignerUnreachable:
                await asyncio.sleep(pause_s)
                pause_s *= 2
        return await self._ask(body)

    async def _ask(self, body: dict[str, str]) -> bytes:
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream("POST", self._url, json=body) as answer,
            ):
                self._check_status(answer.status_code)
                return await _read_bounded(answer)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise SignerUnreachable(
                "a signer did not answer", expected=self._name, actual=type(error).__name__
            ) from error

    def _check_status(self, status: int) -> None:
        if status >= _SERVER_ERROR or status == _TOO_MANY:
            raise SignerUnreachable("a signer cannot sign now", expected="200", actual=status)
        if status != httpx.codes.OK:
            raise SignerAnswerWrong(
                f"the signer at {self._name} refused", expected="200", actual=status
            )

    def _verify(self, signature: bytes, message: bytes) -> bytes:
        """The signature, which is the key's and the only one of its kind: s is low."""
        s = int.from_bytes(signature[32:64], "big")
        if not 0 < s <= SECP256K1_ORDER // 2:
            raise SignerAnswerWrong("a signer's s is not low", expected="1..n/2", actual=hex(s))
        try:
            key = PublicKey.from_signature_and_message(
                signature, compute_keccak256(message), hasher=None
            )
        except ValueError as error:
            raise SignerAnswerWrong("a signer answered with no signature") from error
        if key != self._key:
            raise SignerAnswerWrong(
                "a signer signed with another key, or something else",
                expected=self._address,
                actual=compute_address(key),
            )
        return signature


async def _read_bounded(answer: httpx.Response) -> bytes:
    content = b""
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > MAX_ANSWER_BYTES:
            raise SignerAnswerWrong(
                "a signer's answer is too long",
                expected=f"at most {MAX_ANSWER_BYTES} bytes",
                actual=len(content),
            )
    return content


def _parse_signature(answer: bytes) -> bytes:
    """r, s and recovery from the text that a signer answers with, where v is 27, 28, 0 or 1."""
    try:
        text = answer.decode("ascii").strip().strip('"')
        signature = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise SignerAnswerWrong("a signer answered with no hexadecimal") from error
    if len(signature) != SIGNATURE_BYTES:
        raise SignerAnswerWrong(
            "a signer's signature has a wrong size", expected=SIGNATURE_BYTES, actual=len(signature)
        )
    v = signature[64]
    recovery = v - _FIRST_V if v >= _FIRST_V else v
    if recovery not in (0, 1):
        raise SignerAnswerWrong("a signer's v is out of range", expected="27 or 28", actual=v)
    return signature[:64] + bytes([recovery])


def _describe(url: str) -> str:
    """Scheme, host and port: credentials and paths stay out of errors.

    Raises:
        KeyFileInvalid: no URL of a signer.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise KeyFileInvalid("a signer's URL is malformed") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise KeyFileInvalid(
            "this is no URL of a signer", expected="http(s)://host:port", actual=parts.scheme
        )
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port else "")


def _read_key(public_key: bytes) -> PublicKey:
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise KeyFileInvalid(
            "a signer's public key has a wrong size",
            expected=f"{PUBLIC_KEY_BYTES} bytes",
            actual=len(public_key),
        )
    try:
        return PublicKey(b"\x04" + public_key)
    except ValueError as error:
        raise KeyFileInvalid("a signer's public key is no point of the curve") from error


def _create_context(tls: SignerTls | None) -> ssl.SSLContext:
    files = tls or SignerTls()
    try:
        context = ssl.create_default_context(cafile=files.ca_file)
        if files.certificate_file is not None:
            context.load_cert_chain(files.certificate_file, files.certificate_key_file)
    except (OSError, ssl.SSLError) as error:
        raise KeyFileInvalid("a signer's certificates cannot be read", actual=str(error)) from error
    return context
