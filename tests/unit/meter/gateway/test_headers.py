import pytest

from tallystick.meter.gateway.headers import CREDENTIAL_HEADERS, select_answered, select_sent


@pytest.mark.parametrize("name", [*CREDENTIAL_HEADERS, "Cookie", "X-Forwarded-For", "Host"])
def test_sent_headers_lack_what_belongs_to_the_client(name: str) -> None:
    assert select_sent([(name, "of the client"), ("anthropic-version", "2023-06-01")]) == [
        ("anthropic-version", "2023-06-01")
    ]


def test_sent_headers_lack_credentials_in_any_case() -> None:
    assert select_sent([("AUTHORIZATION", "Bearer x"), ("X-Goog-Api-Key", "x")]) == []


@pytest.mark.parametrize("name", ["x-tallystick-user", "X-Tallystick-Step"])
def test_sent_headers_lack_our_own(name: str) -> None:
    assert select_sent([(name, "ann")]) == []


@pytest.mark.parametrize("name", ["Transfer-Encoding", "TE", "Trailer", "Upgrade", "Keep-Alive"])
def test_hop_by_hop_headers_pass_in_no_direction(name: str) -> None:
    headers = [(name, "x"), ("Accept", "a/b")]
    assert select_sent(headers) == [("Accept", "a/b")]
    assert select_answered(headers) == [("Accept", "a/b")]


def test_headers_named_by_connection_do_not_pass() -> None:
    headers = [("X-Secret-Hop", "1"), ("Connection", "keep-alive, x-secret-hop"), ("Accept", "a/b")]
    assert select_sent(headers) == [("Accept", "a/b")]


def test_headers_named_by_a_second_connection_header_do_not_pass() -> None:
    headers = [("A", "1"), ("B", "2"), ("Connection", "a"), ("connection", "b"), ("C", "3")]
    assert select_answered(headers) == [("C", "3")]


def test_answered_headers_lack_cookies_and_lengths() -> None:
    headers = [("Set-Cookie", "a=b"), ("Content-Length", "3"), ("x-request-id", "r"), ("Date", "d")]
    assert select_answered(headers) == [("x-request-id", "r")]


def test_answered_headers_cannot_speak_for_us() -> None:
    assert select_answered([("x-tallystick-cost-ucr", "0")]) == []


def test_repeated_headers_pass_in_order() -> None:
    headers = [("anthropic-beta", "one"), ("anthropic-beta", "two")]
    assert select_sent(headers) == headers
