"""Pages in a real browser, over real HTTP: no errors, nothing cut off, a way from use to proof."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Request, sync_playwright
from tests.unit.explorer.showcase import build_showcase
from tests.unit.projection.economy import PROPOSAL

from tallystick_node.explorer.app import create_explorer

pytestmark = pytest.mark.browser

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = [
    "/",
    "/usage?by=account",
    "/usage?by=hour",
    "/accounts",
    "/accounts/acme/support/chat",
    "/records",
    "/records/1/3",
    "/batches",
    "/batches/6",
    "/alerts",
    "/quarantine",
    "/tariff",
    "/meters/1",
    "/validators",
    "/blocks",
    "/transactions",
    "/verify",
    "/leases",
    "/epochs",
    "/outcomes",
    "/reviews",
    "/experiments",
    "/plans",
    "/offers",
    "/offers/1",
    "/quotes",
    "/providers",
    "/conversions",
    "/redemptions",
    "/index",
    "/proposals",
    f"/proposals/{PROPOSAL}",
    "/appeals",
    "/appeals/1",
    "/seats",
    "/stops",
    "/corrections",
    "/search?q=acme",
]
NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The explorer over a synthetic day, on a free loopback port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        app = create_explorer(build_showcase(), "a test's network")
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in an empty profile, without JavaScript; whatever it complains of fails the test."""
    context = browser.new_context(viewport=WIDE, java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    complaints = watch(page)
    yield page
    context.close()
    assert complaints == []


def watch(page: Page) -> list[str]:
    """What the page will complain of. A picture given up because the test moved on is none."""
    complaints: list[str] = []

    def note_failure(request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            complaints.append(f"{request.url}: {request.failure}")

    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", note_failure)
    return complaints


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_open_without_complaints_and_fit_a_narrow_window(
    browser: Browser, url: str, scheme: str
) -> None:
    context = browser.new_context(viewport=NARROW, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    complaints = watch(page)
    for path in PAGES:
        answer = page.goto(f"{url}{path}")
        assert answer is not None
        assert answer.status == 200, path
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{path} is {overflow} px too wide"
    context.close()
    assert complaints == []


def test_auditor_walks_from_usage_to_a_record_to_its_transaction(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("link", name="Use", exact=True).click()
    page.get_by_label("Group by").select_option("project")
    page.get_by_label("Under account").select_option("acme/support")
    page.get_by_role("button", name="Show").click()
    row = page.locator("tbody tr").first
    cost = row.locator("data.amount").get_attribute("title")
    assert cost is not None
    assert cost.endswith(" ucr")
    row.get_by_role("link").click()

    page.locator("tbody tr").first.get_by_role("link").first.click()
    assert "/records/" in page.url
    assert "This equals the settled cost." in page.content()
    assert page.get_by_text("validator-3").is_visible()

    transaction = page.locator("a.hash.full")
    tx_hash = transaction.inner_text()
    transaction.click()
    assert page.url.endswith(tx_hash)
    assert page.get_by_text("BatchSettled").is_visible()
    page.get_by_role("main").get_by_role("link", name="batch").first.click()
    assert page.get_by_role("heading", name="Attestations").is_visible()


def test_search_finds_an_account_by_its_name(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("searchbox").fill("marketing")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=marketing")
    page.get_by_role("main").get_by_role("link", name="acme/marketing/copy").click()
    assert page.get_by_role("heading", name="copy").is_visible()


def test_hostile_name_runs_nothing(browser: Browser, url: str) -> None:
    context = browser.new_context()
    page, dialogs = context.new_page(), list[str]()
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    for path in ("/accounts", "/", "/usage?by=project"):
        page.goto(f"{url}{path}")
        assert page.get_by_role("link").filter(has_text="<script>alert").first.is_visible()
    context.close()
    assert dialogs == []


def test_keyboard_reaches_the_content_first(page: Page, url: str) -> None:
    page.goto(url)
    page.keyboard.press("Tab")
    assert page.get_by_role("link", name="Skip to content").is_visible()
