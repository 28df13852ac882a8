import asyncio
import base64

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from tallystick_node.access import AccessGuard

TOKEN = "a-token-of-this-test"


def ask(path: str, *, token: str | None, method: str = "GET", **headers: str) -> Response:
    app = FastAPI()

    @app.api_route("/{path:path}", methods=["GET", "POST"])
    async def get(path: str) -> str:
        return path

    async def play() -> Response:
        guarded = ASGITransport(AccessGuard(app, token))
        async with AsyncClient(transport=guarded, base_url="http://127.0.0.1") as http:
            return await http.request(method, path, headers=headers)

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


SIGNED = ["/v1/frames", "/v1/leases", "/v1/leases/declarations", "/v1/leases/releases"]


@pytest.mark.parametrize("path", SIGNED)
def test_what_meters_sign_passes_without_token(path: str) -> None:
    assert ask(path, token=TOKEN, method="POST").is_success


@pytest.mark.parametrize("path", [*SIGNED, "/v1/corrections/releases", "/v1/usage"])
def test_signed_routes_are_refused_on_a_machine_of_their_own_when_another_is_named(
    path: str,
) -> None:
    answer = ask(path, token=None, method="POST", Host="rebound.example")
    assert (answer.status_code, answer.json()["code"]) == (403, "host_refused")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/frames"),
        ("GET", "/v1/leases"),
        ("POST", "/v1/frames/"),
        ("POST", "/v1/leases/other"),
        ("POST", "/v1/corrections/releases"),
        ("POST", "/v1/corrections/credits"),
    ],
)
def test_what_nobody_signs_is_refused_without_token(method: str, path: str) -> None:
    assert ask(path, token=TOKEN, method=method).status_code == 401
