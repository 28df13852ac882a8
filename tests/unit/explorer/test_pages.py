"""Every page over a synthetic day: it opens, says what it must, and takes nothing for markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from fastapi import FastAPI
from tests.unit.explorer.asking import ask
from tests.unit.explorer.showcase import HOSTILE, build_showcase
from tests.unit.projection.builders import NETWORK
from tests.unit.projection.economy import PROPOSAL

from tallystick.projection import Projection, Queries
from tallystick_node.explorer.app import create_explorer

VOID = {"meta", "link", "img", "input", "br", "wbr"}
PAGES = [
    "/",
    "/usage",
    "/usage?by=account",
    "/usage?by=resource&under=acme/support",
    "/usage?by=user&resource=gpt-4o",
    "/usage?by=step&user=0x5eed000000000001",
    "/usage?by=day",
    "/usage?by=hour&since=2026-09-20&until=2026-09-21T06:00",
    "/usage?by=week",
    "/usage?by=month",
    "/usage?by=meter",
    "/usage?by=tariff_version",
    "/records",
    "/records?project=acme/support&resource=gpt-4o&meter=gateway-1",
    "/records?before=3.20",
    "/quarantine",
    "/records/1/3",
    "/batches",
    "/batches?before=5",
    "/batches/0",
    "/batches/4",
    "/batches/6?first=60",
    "/accounts",
    "/accounts/acme",
    "/accounts/acme/support/chat",
    "/accounts/acme/marketing/copy",
    "/accounts/rival/search",
    "/meters",
    "/meters/2",
    "/validators",
    "/tariff",
    "/tariff?at=2026-09-20",
    "/blocks",
    "/blocks/3",
    "/transactions",
    "/alerts",
    "/alerts?kind=frozen&account=acme",
    "/search",
    "/search?q=acme",
    "/search?q=nothing-like-it",
    "/verify",
    "/leases",
    "/leases?account=acme/support&state=open",
    "/epochs",
    "/epochs?epoch=0",
    "/outcomes",
    "/outcomes?state=reinstated",
    "/reviews",
    "/experiments",
    "/plans",
    "/offers",
    "/offers/1",
    "/quotes",
    "/providers",
    "/providers?provider=nimbus",
    "/conversions",
    "/redemptions",
    "/index",
    "/proposals",
    f"/proposals/{PROPOSAL}",
    f"/proposals/{PROPOSAL + 1}",
    "/appeals",
    "/appeals/1",
    "/appeals/2",
    "/seats",
    "/stops",
    "/corrections",
]


class Outline(HTMLParser):
    """Opens and closes of tags, so that a page can be seen to be whole."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.links: set[str] = set()
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]
        self.links |= {value or "" for name, value in attrs if name == "href"}
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def read_outline(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    assert outline.open == []
    return outline


@pytest.fixture(scope="module")
def queries() -> Queries:
    return build_showcase()


@pytest.fixture(scope="module")
def explorer(queries: Queries) -> FastAPI:
    return create_explorer(queries, "a test's network")


@pytest.mark.parametrize("path", PAGES)
def test_page_opens_whole_and_without_script(explorer: FastAPI, path: str) -> None:
    answer = ask(explorer, path)
    assert answer.status_code == 200, answer.text
    outline = read_outline(answer.text)
    assert "script" not in outline.seen
    assert outline.handlers == []
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy


def test_every_link_of_every_page_leads_somewhere(explorer: FastAPI) -> None:
    links = {link for path in PAGES for link in read_outline(ask(explorer, path).text).links}
    inside = {link for link in links if link.startswith("/") and link != "/assets/pico.min.css"}
    representative = {re.sub(r"\d+", "N", link.partition("?")[0]): link for link in sorted(inside)}
    assert len(representative) > 20
    for link in representative.values():
        assert ask(explorer, link).status_code == 200, link


def test_hostile_name_is_shown_as_text(explorer: FastAPI) -> None:
    for path in ("/accounts", "/", "/usage?by=project", "/records?project=acme/support"):
        html = ask(explorer, path).text
        assert HOSTILE not in html
        assert "&lt;script&gt;alert(" in html
    reflected = ask(explorer, '/search?q="><img src=x>').text
    assert "<img src=x>" not in reflected
    assert "&#34;&gt;&lt;img src=x&gt;" in reflected


@pytest.mark.parametrize(
    "path",
    [
        "/no/such/page",
        "/records/1/999999",
        "/records/77/0",
        "/batches/999",
        "/blocks/999",
        "/transactions/0x" + "00" * 32,
        "/accounts/acme/nobody",
        "/meters/9",
        "/meters/9999999999",
    ],
)
def test_unknown_thing_is_a_404_page(explorer: FastAPI, path: str) -> None:
    answer = ask(explorer, path)
    assert answer.status_code == 404
    assert "Back to the overview" in answer.text
    read_outline(answer.text)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/usage?by=colour", "not grouped by"),
        ("/usage?under=acme/nobody", "no such account"),
        ("/usage?resource=gpt-9", "no such resource"),
        ("/usage?user=0xfffffffffffffffff", "no pseudonym"),
        ("/usage?user=me", "no pseudonym"),
        ("/usage?since=yesterday", "no time"),
        ("/usage?since=1066-10-14", "too early"),
        ("/usage?under=" + "a" * 300, "too long"),
        ("/records?before=12", "no place"),
        ("/records?before=a.b", "no whole number"),
        ("/records?meter=nobody", "no such meter"),
        ("/batches?before=-1", "no whole number"),
        ("/batches/x", "no whole number"),
        ("/batches?before=99999999999999999999999", "no whole number"),
        ("/records/1/x", "no whole number"),
        ("/alerts?kind=gossip", "no alerts of this kind"),
        ("/tariff?at=soon", "no time"),
        ("/search?q=" + "a" * 300, "too long"),
    ],
)
def test_bad_parameter_is_a_400_page_in_words(explorer: FastAPI, path: str, words: str) -> None:
    answer = ask(explorer, path)
    assert answer.status_code == 400
    assert words in answer.text.replace("&#39;", "'")
    assert "Traceback" not in answer.text


def test_record_page_explains_its_cost_and_names_who_attested(
    explorer: FastAPI, queries: Queries
) -> None:
    record = next(row for row in queries.records(limit=50) if row["resource"] == "gpt-4o")
    html = ask(explorer, f"/records/{record['meter_id']}/{record['seq']}").text
    assert "This equals the settled cost." in html
    assert f"{record['cost_ucr']:,} ucr" in html
    assert record["tx_hash"] in html
    assert "validator-3" in html
    segment = queries.chain.segments(record["batch"])[0]
    assert segment["signature"] in html
    for name in ("in_fresh", "out_reasoning", "compute_ms", "memory_gib_s", "transfer_kib"):
        assert f"<code>{name}</code>" in html


def test_quarantine_page_gives_reasons_in_words(explorer: FastAPI) -> None:
    html = ask(explorer, "/quarantine").text
    assert "no such project is registered" in html
    assert "no such resource is registered" in html
    assert "a quantity is above a registered maximum" in html


def test_usage_page_shows_what_the_index_says(explorer: FastAPI, queries: Queries) -> None:
    html = ask(explorer, "/usage?by=resource").text
    for row in queries.usage(("resource",)):
        assert f'value="{row["cost_ucr"]}"' in html
        assert row["resource"] in html


def test_records_pages_cover_every_record_once(explorer: FastAPI, queries: Queries) -> None:
    path, seen = "/records?project=acme/marketing", []
    while path:
        html = ask(explorer, path).text
        seen += re.findall(r'<td class="nowrap"><a href="/records/(\d+/\d+)"', html)
        older = re.search(r'<a href="([^"]+)">Older', html)
        path = older[1].replace("&amp;", "&") if older else ""
    assert len(seen) == len(set(seen))
    assert len(seen) == queries.usage(under="acme/marketing")[0]["records"]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("0x5eed000000000001", "/usage?by=project&user=0x5eed000000000001"),
        ("acme/marketing/copy", "/accounts/acme/marketing/copy"),
        ("h100", "/usage?resource=h100"),
        ("gateway-2", "/meters/2"),
        ("validator-2", "/validators"),
    ],
)
def test_search_leads_straight_to_the_only_thing_found(
    explorer: FastAPI, text: str, target: str
) -> None:
    answer = ask(explorer, f"/search?q={text}")
    assert (answer.status_code, answer.headers["Location"]) == (303, target)


def test_search_leads_to_a_transaction_by_its_hash(explorer: FastAPI, queries: Queries) -> None:
    tx_hash = queries.chain.batches(limit=1)[0]["tx_hash"]
    answer = ask(explorer, f"/search?q={tx_hash}")
    assert answer.headers["Location"] == f"/transactions/{tx_hash}"
    html = ask(explorer, f"/transactions/{tx_hash}").text
    assert "BatchSettled" in html


@pytest.mark.parametrize(
    "path", [path for path in PAGES if path.count("/") == 1 and "?" not in path]
)
def test_page_opens_when_nothing_has_happened_yet(path: str) -> None:
    empty = create_explorer(Queries(Projection(None, NETWORK)), "new")
    answer = ask(empty, path)
    assert answer.status_code == 200
    read_outline(answer.text)


def test_stylesheet_and_picture_are_served(explorer: FastAPI) -> None:
    assert "text/css" in ask(explorer, "/assets/explorer.css").headers["Content-Type"]
    assert ask(explorer, "/assets/tally.svg").status_code == 200
    assert ask(explorer, "/assets/../app.py").status_code == 404
