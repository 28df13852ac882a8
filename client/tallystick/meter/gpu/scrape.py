"""Pages of Prometheus text, bounded, and only of the metrics that were asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite
from time import monotonic
from typing import Final, Protocol

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tallystick.meter.gpu.errors import ScrapeFailed, ScrapeMalformed

MAX_PAGE_BYTES: Final = 16 << 20
MAX_LINE_CHARS: Final = 16 << 10
MAX_SAMPLES: Final = 50_000
TIMEOUT_S: Final = 10.0
"""For each read."""
PAGE_S: Final = 30.0
"""For all of a page."""
MAX_VALUE: Final = 2.0**53
"""Above this a float no longer tells neighbouring counts apart: a broken counter."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One line of a page; label names in lower case, as scrapers disagree about theirs."""

    name: str
    labels: Mapping[str, str]
    value: float


class FetchPage(Protocol):
    """Reads a page of metrics."""

    def __call__(self, url: str) -> str:
        """The page's text.

        Raises:
            ScrapeFailed, ScrapeMalformed: there is none to be had now.
        """


def fetch_page(url: str) -> str:
    """The page, at most 16 MiB of it.

    Raises:
        ScrapeFailed: no answer, or none that is a page.
        ScrapeMalformed: it is larger, or no text.
    """
    deadline_s = monotonic() + PAGE_S
    headers = {"accept": "text/plain; version=0.0.4", "accept-encoding": "identity"}
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise ScrapeFailed(f"no metrics at {url}", expected=200, actual=answer.status_code)
            body = bytearray()
            for piece in answer.iter_raw():
                body += piece
                if monotonic() > deadline_s:
                    raise ScrapeFailed(f"{url} is too slow", expected=f"a page in {PAGE_S:.0f} s")
                if len(body) > MAX_PAGE_BYTES:
                    raise ScrapeMalformed(
                        f"the page at {url} is too large", expected=f"{MAX_PAGE_BYTES} bytes"
                    )
            return body.decode()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ScrapeFailed(f"no metrics at {url}", actual=type(error).__name__) from error
    except UnicodeDecodeError as error:
        raise ScrapeMalformed(f"the page at {url} is no UTF-8 text") from error


def parse_page(text: str, names: Collection[str]) -> list[Sample]:
    """The page's samples of these metrics, in its order.

    What is no finite number, or beyond what a float counts exactly, is left out: it says nothing.

    Args:
        text: the whole page.
        names: in lower case, as on the page, with `_total` where counters have it.

    Raises:
        ScrapeMalformed: a line of them is malformed, or there are too many.
    """
    samples: list[Sample] = []
    for line in text.split("\n"):
        if _read_name(line) not in names:
            continue
        samples += _parse_line(line)
        if len(samples) > MAX_SAMPLES:
            raise ScrapeMalformed("a page has too many samples", expected=MAX_SAMPLES)
    return samples


def _read_name(line: str) -> str:
    """The metric's name in lower case; of comments and empty lines, none that is asked for."""
    end = next((at for at, char in enumerate(line[:256]) if char in "{ \t"), 256)
    return line[:end].lower()


def _parse_line(line: str) -> list[Sample]:
    """One sample; parsed without its TYPE, so that the name stays as the page has it."""
    if len(line) > MAX_LINE_CHARS:
        raise ScrapeMalformed("a line of metrics is too long", expected=MAX_LINE_CHARS)
    try:
        found = [each for family in text_string_to_metric_families(line) for each in family.samples]
    except (ValueError, IndexError, KeyError) as error:
        raise ScrapeMalformed("a line is no Prometheus text", actual=line[:200]) from error
    return [
        Sample(
            each.name.lower(),
            {name.lower(): value for name, value in each.labels.items()},
            float(each.value),
        )
        for each in found
        if isfinite(each.value) and abs(each.value) <= MAX_VALUE
    ]
