from dataclasses import replace

import pytest
from tests.unit.core.builders import NETWORK_ID, NOW_MS
from tests.unit.node.builders import TRANSPORT_KEYS, build_validator_set

from tallystick_node.errors import PeerReplayed, PeerUnknown
from tallystick_node.peers.signing import (
    PeerRequest,
    SeenNonces,
    parse_headers,
    sign_request,
    verify_request,
)

VALIDATORS = build_validator_set().validators
REQUEST = PeerRequest(NETWORK_ID, "POST", "/v1/attestations", 2, NOW_MS, bytes(16), b"batch")
HEADERS = sign_request(TRANSPORT_KEYS[1], 1, REQUEST)


def test_request_verifies_under_the_key_of_the_validator_it_names() -> None:
    verify_request(parse_headers(HEADERS), REQUEST, VALIDATORS)


def test_digest_is_that_of_the_protocol() -> None:
    # docs/protocol.md section 8, computed once with hashlib alone.
    expected = "a6d132680aa5ee9017ca21aae5ca64116c8257297687009c72341bbb384cc7f4"
    assert REQUEST.compute_digest().hex() == expected


@pytest.mark.parametrize(
    "change",
    [
        {"network_id": bytes(32)},
        {"method": "GET"},
        {"path": "/v1/frames"},
        {"recipient": 3},
        {"time_ms": NOW_MS + 1},
        {"nonce": bytes([1]) * 16},
        {"body": b"another"},
    ],
)
def test_request_does_not_verify_when_any_part_differs(change: dict[str, object]) -> None:
    with pytest.raises(PeerUnknown):
        verify_request(parse_headers(HEADERS), replace(REQUEST, **change), VALIDATORS)  # type: ignore[arg-type]


@pytest.mark.parametrize("sender", [0, 2, 4])
def test_request_does_not_verify_in_another_validators_name(sender: int) -> None:
    headers = HEADERS | {"Tallystick-Validator": str(sender)}
    with pytest.raises(PeerUnknown):
        verify_request(parse_headers(headers), REQUEST, VALIDATORS)


@pytest.mark.parametrize("name", list(HEADERS))
@pytest.mark.parametrize("value", [None, "", "x", "-1", "00"])
def test_headers_are_refused_when_one_is_malformed(name: str, value: str | None) -> None:
    headers = dict(HEADERS)
    del headers[name]
    if value is not None:
        headers[name] = value
    if (name, value) in {("Tallystick-Validator", "00"), ("Tallystick-Time", "00")}:
        return  # zero is an index, and a time long past that `check_fresh` refuses
    with pytest.raises(PeerUnknown):
        parse_headers(headers)


def test_request_is_fresh_once() -> None:
    nonces, claims = SeenNonces(), parse_headers(HEADERS)
    nonces.check_fresh(claims, NOW_MS)
    with pytest.raises(PeerReplayed):
        nonces.check_fresh(claims, NOW_MS + 30_000)
    nonces.check_fresh(replace(claims, sender=2), NOW_MS)


@pytest.mark.parametrize("age_ms", [-30_001, 30_001])
def test_request_is_refused_when_it_is_of_another_time(age_ms: int) -> None:
    with pytest.raises(PeerReplayed):
        SeenNonces().check_fresh(parse_headers(HEADERS), NOW_MS + age_ms)


def test_nonces_are_forgotten_when_their_requests_are_too_old() -> None:
    nonces, claims = SeenNonces(), parse_headers(HEADERS)
    nonces.check_fresh(claims, NOW_MS)
    later = replace(claims, time_ms=NOW_MS + 70_000, nonce=bytes([1]) * 16)
    nonces.check_fresh(later, NOW_MS + 70_000)
    assert len(nonces._seen[1]) == 1
