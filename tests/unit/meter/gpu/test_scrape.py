"""Pages of metrics are read within bounds, and only what was asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.meter.gpu import scrape
from tallystick.meter.gpu.errors import ScrapeFailed, ScrapeMalformed
from tallystick.meter.gpu.scrape import Sample, fetch_page, parse_page


def test_page_gives_what_was_asked_for_in_lower_case() -> None:
    page = '# HELP Up x\n# TYPE Up gauge\nUp{Host="A",gpu="0"} 3\nother 4\n\nup 1.5 1700000000000\n'
    assert parse_page(page, {"up"}) == [
        Sample("up", {"host": "A", "gpu": "0"}, 3.0),
        Sample("up", {}, 1.5),
    ]


def test_page_keeps_what_a_label_holds() -> None:
    (sample,) = parse_page('a{b="x\\"y\\\\z,} \u2028w"} 1e3', {"a"})
    assert sample == Sample("a", {"b": 'x"y\\z,} \u2028w'}, 1000.0)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "1e300", "1.9e16"])
def test_page_leaves_out_what_is_no_count(value: str) -> None:
    assert parse_page(f"a {value}\na 2", {"a"}) == [Sample("a", {}, 2.0)]


@pytest.mark.parametrize(
    "line", ['a{b="c} 1', "a{b=c} 1", 'a{b="c"}', "a", "a x", 'a{b="1",b="2"} 3', "a 1_000"]
)
def test_page_is_refused_when_a_wanted_line_is_malformed(line: str) -> None:
    with pytest.raises(ScrapeMalformed):
        parse_page(f"a 1\n{line}\n", {"a"})


def test_page_is_read_when_only_other_lines_are_malformed() -> None:
    assert parse_page('b{c="d 1\na 1\n\x00\xff', {"a"}) == [Sample("a", {}, 1.0)]


def test_page_is_refused_when_a_line_is_too_long() -> None:
    with pytest.raises(ScrapeMalformed):
        parse_page(f'a{{b="{"x" * scrape.MAX_LINE_CHARS}"}} 1', {"a"})


def test_page_is_refused_when_it_has_too_many_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrape, "MAX_SAMPLES", 3)
    assert len(parse_page("a 1\n" * 3, {"a"})) == 3
    with pytest.raises(ScrapeMalformed):
        parse_page("a 1\n" * 4, {"a"})


@given(st.text(max_size=200))
def test_page_of_anything_is_read_or_refused(text: str) -> None:
    try:
        samples = parse_page(f"a{text}\na{{{text}\n{text}", {"a"})
    except ScrapeMalformed:
        return
    assert all(sample.name == "a" for sample in samples)


@contextmanager
def answering(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response | Exception
) -> Iterator[None]:
    def handle(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    create = httpx.Client

    def create_client(**settings: Any) -> httpx.Client:  # noqa: ANN401 - passed on
        assert settings["trust_env"] is False
        return create(**settings, transport=httpx.MockTransport(handle))

    monkeypatch.setattr(httpx, "Client", create_client)
    yield


def test_fetch_gives_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(monkeypatch, httpx.Response(200, stream=httpx.ByteStream(b"a 1\n"))):
        assert fetch_page("http://node:9400/metrics") == "a 1\n"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(404), ScrapeFailed),
        (httpx.Response(302, headers={"location": "http://elsewhere/"}), ScrapeFailed),
        (httpx.ConnectError("refused"), ScrapeFailed),
        (httpx.ReadTimeout("slow"), ScrapeFailed),
        (httpx.Response(200, stream=httpx.ByteStream(b"\xff\xfe")), ScrapeMalformed),
        (httpx.Response(200, stream=httpx.ByteStream(b"a" * 65)), ScrapeMalformed),
    ],
)
def test_fetch_says_why_there_is_no_page(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response | Exception, error: type[Exception]
) -> None:
    monkeypatch.setattr(scrape, "MAX_PAGE_BYTES", 64)
    with answering(monkeypatch, answer), pytest.raises(error):
        fetch_page("http://node:9400/metrics")


def test_fetch_gives_up_on_a_page_that_trickles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrape, "PAGE_S", -1.0)
    answer = httpx.Response(200, stream=httpx.ByteStream(b"a 1"))
    with answering(monkeypatch, answer), pytest.raises(ScrapeFailed):
        fetch_page("http://node:9400/metrics")
