import asyncio
import base64

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from tallystick_node.access import AccessGuard

TOKEN = "a-token-of-this-test"


def ask(path: str, *, token: str | None, **headers: str) -> Response:
    app = FastAPI()

    @app.get("/{path:path}")
    async def get(path: str) -> str:
        return path

    async def play() -> Response:
        guarded = ASGITransport(AccessGuard(app, token))
        async with AsyncClient(transport=guarded, base_url="http://127.0.0.1") as http:
            return await http.get(path, headers=headers)

    return asyncio.run(play())


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anyone:{password}".encode()).decode()


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic(TOKEN)])
def test_request_passes_when_it_carries_the_token(given: str) -> None:
    assert ask("/v1/status", token=TOKEN, Authorization=given).is_success


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer x", f"Bearer {TOKEN}x", TOKEN, basic("x"), "Basic %", "Basic /w=="],
)
def test_request_is_refused_when_it_lacks_the_token(given: str) -> None:
    answer = ask("/v1/status", token=TOKEN, Authorization=given)
    assert (answer.status_code, answer.json()["code"]) == (401, "token_missing")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/attestations"])
def test_open_routes_pass_without_token(path: str) -> None:
    assert ask(path, token=TOKEN).is_success
    assert ask(path, token=None, Host="elsewhere.example").is_success


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]:80"])
def test_request_without_token_passes_when_it_names_this_machine(host: str) -> None:
    assert ask("/v1/status", token=None, Host=host).is_success


@pytest.mark.parametrize("host", ["", "rebound.example", "127.0.0.1.example", "[", "10.0.0.1"])
def test_request_without_token_is_refused_when_it_names_another_machine(host: str) -> None:
    answer = ask("/v1/status", token=None, Host=host)
    assert (answer.status_code, answer.json()["code"]) == (403, "host_refused")
