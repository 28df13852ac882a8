"""The signer elsewhere: what it signs is used, and whatever else it answers is not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from coincurve import PrivateKey
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.upstream.web3signer import (
    Misdeed,
    Web3Signer,
    answer_text,
    hang_up,
    run_web3signer,
    sign_another_message,
    sign_with_another_key,
    sign_with_high_s,
    wait,
)

from tallystick.chain.errors import KeyFileInvalid, SignerAnswerWrong, SignerUnreachable
from tallystick.chain.remote_signer import (
    MAX_ANSWER_BYTES,
    MAX_ASKED_AT_ONCE,
    TRIES,
    RemoteSigner,
    SignerTls,
)
from tallystick.chain.signer import KeySigner, attest
from tallystick.chain.signing import UnsignedTransaction, sign_transaction
from tallystick.core.attestation import recover_attester
from tallystick.core.hashes import compute_keccak256

pytestmark = [pytest.mark.integration, pytest.mark.anyio]

KEY = PrivateKey(bytes([5]) * 32)
STRANGER = PrivateKey(bytes([6]) * 32)
MESSAGE = b"\x19\x01" + bytes(64)


@pytest.fixture
def desk() -> Iterator[Web3Signer]:
    with run_web3signer([KEY]) as desk:
        yield desk


def name(key: PrivateKey) -> bytes:
    return key.public_key.format(compressed=False)[1:]


@asynccontextmanager
async def connect(
    url: str, *, key: PrivateKey = KEY, timeout_s: float = 5.0, tls: SignerTls | None = None
) -> AsyncIterator[RemoteSigner]:
    signer = RemoteSigner(url, name(key), tls=tls, timeout_s=timeout_s)
    try:
        yield signer
    finally:
        await signer.aclose()


async def test_remote_signature_is_the_one_a_key_in_memory_makes(desk: Web3Signer) -> None:
    async with connect(desk.url) as signer:
        assert signer.address == KeySigner(KEY).address
        assert await signer.sign(MESSAGE) == await KeySigner(KEY).sign(MESSAGE)
        attestation = await attest(signer, MESSAGE)
    assert recover_attester(compute_keccak256(MESSAGE), attestation) == signer.address


async def test_remote_transaction_is_the_one_a_key_in_memory_signs(desk: Web3Signer) -> None:
    transaction = UnsignedTransaction(7, 3, 1, 90_000, bytes(20), bytes(100_000))
    async with connect(desk.url + "/") as signer:
        raw = await sign_transaction(signer, transaction)
    assert raw == await sign_transaction(KeySigner(KEY), transaction)
    assert desk.signed == [transaction.encode()]


@pytest.mark.parametrize(
    "misdeed",
    [
        sign_another_message,
        sign_with_another_key,
        sign_with_high_s,
        answer_text(b""),
        answer_text(b"no"),
        answer_text(b"\xff\xfe"),
        answer_text(b"0x" + b"00" * 65),
        answer_text(b"0x" + b"11" * 64),
        answer_text(b"0x" + b"11" * 64 + b"1d"),
        answer_text(b"0x" + b"11" * 66),
        answer_text(b"0x" + b"ff" * 64 + b"1b"),
        answer_text(b"1" * (MAX_ANSWER_BYTES + 1)),
        answer_text(b"1" * 5_000_000),
        answer_text(b"malformed", 400),
        answer_text(b"not here", 404),
        answer_text(b"", 302),
    ],
)
async def test_wrong_answer_is_refused_at_once(desk: Web3Signer, misdeed: Misdeed) -> None:
    desk.standing = misdeed
    async with connect(desk.url) as signer:
        with pytest.raises(SignerAnswerWrong):
            await signer.sign(MESSAGE)
    assert desk.asked == 1


async def test_key_that_the_signer_lacks_is_refused(desk: Web3Signer) -> None:
    async with connect(desk.url, key=STRANGER) as signer:
        with pytest.raises(SignerAnswerWrong) as caught:
            await signer.sign(MESSAGE)
    assert caught.value.actual == 404


@pytest.mark.parametrize("misdeed", [hang_up, answer_text(b"busy", 503), answer_text(b"", 429)])
async def test_signer_that_falters_is_asked_again(desk: Web3Signer, misdeed: Misdeed) -> None:
    desk.misdeeds.extend([misdeed] * (TRIES - 1))
    async with connect(desk.url) as signer:
        assert await signer.sign(MESSAGE) == await KeySigner(KEY).sign(MESSAGE)
    assert desk.asked == TRIES


@pytest.mark.parametrize("misdeed", [hang_up, answer_text(b"busy", 500), wait(1.0)])
async def test_signer_is_given_up_when_it_falters_too_often(
    desk: Web3Signer, misdeed: Misdeed
) -> None:
    desk.standing = misdeed
    async with connect(desk.url, timeout_s=0.2) as signer:
        with pytest.raises(SignerUnreachable):
            await signer.sign(MESSAGE)
    assert desk.asked == TRIES


async def test_signer_is_unreachable_when_nobody_listens(desk: Web3Signer) -> None:
    credentials = desk.url.replace("http://", "http://hidden:hidden@").rpartition(":")[0] + ":1"
    async with connect(credentials) as signer:
        with pytest.raises(SignerUnreachable) as caught:
            await signer.sign(MESSAGE)
    assert "hidden" not in str(caught.value)


async def test_signer_is_not_asked_too_much_at_once(desk: Web3Signer) -> None:
    desk.standing = wait(0.1)
    async with connect(desk.url) as signer:
        signing = [asyncio.create_task(signer.sign(bytes([n]))) for n in range(40)]
        await asyncio.sleep(0.05)
        assert desk.asked <= MAX_ASKED_AT_ONCE
        await asyncio.gather(*signing)
    assert desk.asked == 40


async def test_signer_and_validator_know_each_other_by_certificates(tmp_path: Path) -> None:
    server, client, stranger = (issue(tmp_path, name) for name in ("server", "client", "stranger"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server.certificate, server.key)
    known = SignerTls(server.certificate, client.certificate, client.key)
    refused = (
        None,  # a certificate that the machine does not trust
        SignerTls(stranger.certificate, client.certificate, client.key),
        SignerTls(server.certificate),
        SignerTls(server.certificate, stranger.certificate, stranger.key),
    )
    with run_web3signer([KEY], tls=context) as desk:
        async with connect(desk.url, tls=known) as signer:
            assert await signer.sign(MESSAGE) == await KeySigner(KEY).sign(MESSAGE)
        for tls in refused:
            async with connect(desk.url, tls=tls) as signer:
                with pytest.raises(SignerUnreachable):
                    await signer.sign(MESSAGE)
    assert desk.signed == [MESSAGE]


def test_certificates_that_cannot_be_read_are_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").touch()
    for file in ("missing.pem", "empty.pem"):
        with pytest.raises(KeyFileInvalid):
            RemoteSigner("https://signer", name(KEY), tls=SignerTls(tmp_path / file))


@dataclass(frozen=True)
class Identity:
    certificate: Path
    key: Path


def issue(folder: Path, owner: str) -> Identity:
    """A certificate for 127.0.0.1 that its owner signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, owner)])
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    identity = Identity(folder / f"{owner}.pem", folder / f"{owner}.key")
    identity.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    identity.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return identity
