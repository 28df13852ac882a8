"""The index over HTTP: bounded, typed, and in the words of the CLI."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI
from tests.unit.explorer.asking import ask
from tests.unit.explorer.showcase import build_showcase

from tallystick.projection import LISTS, Queries
from tallystick_node.answers import install_error_answers
from tallystick_node.index.api import create_index_router


@pytest.fixture(scope="module")
def queries() -> Queries:
    return build_showcase()


@pytest.fixture(scope="module")
def app(queries: Queries) -> FastAPI:
    app = FastAPI()
    install_error_answers(app)
    app.include_router(create_index_router(queries))
    return app


def read(app: FastAPI, path: str) -> Any:  # noqa: ANN401 - JSON
    answer = ask(app, path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def find_floats(document: object) -> list[float]:
    """Numbers that are no integers, anywhere."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        return [number for part in document for number in find_floats(part)]
    return [document] if isinstance(document, float) else []


@pytest.mark.parametrize(
    "path",
    [
        "/v1/usage",
        "/v1/usage?by=account,resource",
        "/v1/records?limit=1000",
        "/v1/records/1/0",
        "/v1/alerts",
        "/v1/accounts",
        "/v1/meters",
        "/v1/resources",
        "/v1/validators",
        "/v1/tariff",
        "/v1/tariff/history",
        "/v1/totals",
        *(f"/v1/{name}" for name in LISTS),
        "/v1/blocks",
        "/v1/batches",
        "/v1/batches/1",
        "/v1/transactions",
        "/v1/search?q=acme",
    ],
)
def test_route_answers_with_integers_only(app: FastAPI, path: str) -> None:
    document = read(app, path)
    assert document
    assert find_floats(document) == []


def test_usage_takes_every_filter(app: FastAPI, queries: Queries) -> None:
    found = read(
        app,
        "/v1/usage?by=project&under=acme/support&resource=gpt-4o&user=0x5eed000000000001"
        "&since_ms=1789900000000&until_ms=1790000000000",
    )
    assert found == queries.usage(
        ("project",), "acme/support", "gpt-4o", 0x5EED000000000001, 1789900000000, 1790000000000
    )
    assert found


def test_records_page_by_place(app: FastAPI) -> None:
    first = read(app, "/v1/records?limit=3")
    place = f"{first[1]['batch']}.{first[1]['position']}"
    assert read(app, f"/v1/records?limit=1&before={place}") == first[2:]


def test_quarantined_records_can_be_asked_for(app: FastAPI, queries: Queries) -> None:
    found = read(app, "/v1/records?quarantined=1&limit=1000")
    assert len(found) == queries.chain.state()["quarantined"]
    assert all(row["reason_code"] and row["cost_ucr"] == 0 for row in found)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/usage?by=colour", 400, "unknown_key"),
        ("/v1/usage?under=nobody", 400, "unknown_key"),
        ("/v1/usage?user=-1", 400, "parameter_invalid"),
        ("/v1/records?limit=1001", 400, "parameter_invalid"),
        ("/v1/records?limit=many", 400, "parameter_invalid"),
        ("/v1/records?before=7", 400, "parameter_invalid"),
        ("/v1/records/1/100000", 404, "nothing_found"),
        ("/v1/batches/77", 404, "nothing_found"),
        ("/v1/transactions/0x00", 404, "nothing_found"),
    ],
)
def test_bad_question_is_refused_with_a_code(
    app: FastAPI, path: str, status: int, code: str
) -> None:
    answer = ask(app, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_list_is_narrowed_by_account_and_columns(app: FastAPI) -> None:
    assert len(read(app, "/v1/leases")) == 3
    assert {row["project"] for row in read(app, "/v1/leases?account=acme/support")} == {
        "acme/support/chat"
    }
    assert [row["nonce"] for row in read(app, "/v1/leases?state=open")] == [2]
    assert [row["offer"] for row in read(app, "/v1/offers?state=cancelled&limit=1")] == [2]


def test_list_pages_by_the_place_of_its_last_row(app: FastAPI) -> None:
    first = read(app, "/v1/proposals?limit=1")[0]
    second = read(app, f"/v1/proposals?limit=1&before={first['block']}.{first['ordinal']}")[0]
    assert [first["proposal_id"], second["proposal_id"]] == [
        row["proposal_id"] for row in read(app, "/v1/proposals")
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/leases?block=1", 400),
        ("/v1/leases?account=acme/nobody", 400),
        ("/v1/leases?limit=1001", 400),
        ("/v1/leases?before=x", 400),
        ("/v1/no-such-list", 404),
    ],
)
def test_list_refuses_what_it_does_not_know(app: FastAPI, path: str, status: int) -> None:
    assert ask(app, path).status_code == status
