"""Answers from the validators' indexes, asked one after the other until one answers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

from tallystick.client.errors import NodeFailed, NodeRefused, NodesUnreachable
from tallystick.client.index_reads import ChainReads
from tallystick.client.reads import ListQuery, Reads, RecordQuery, Row, UsageQuery
from tallystick.client.wire import Wire
from tallystick.local.tokens import load_tokens

TIMEOUT_S: Final = 30.0
INDEX_PATIENCE_S: Final = 10.0
POLL_S: Final = 0.02
ROUNDS_S: Final = 3.0
"""All validators hang up at one moment when a vote has replaced the ledger: they are asked anew."""
PAUSE_S: Final = 0.2


class NodeReads:
    """Asks validators, each answer as new as the chain was when it was asked for.

    Args:
        wire: the network.
        urls: validators in the order of preference.
        tokens: what some of them ask for.
        transport: replaces the network in tests.
    """

    def __init__(
        self,
        wire: Wire,
        urls: Sequence[str],
        tokens: httpx.Auth | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._wire = wire
        self._urls = list(urls)
        self._http = httpx.Client(
            timeout=TIMEOUT_S, trust_env=False, auth=tokens, transport=transport
        )

    def usage(self, query: UsageQuery) -> list[Row]:
        """Records, quantities and cost by the query's keys."""
        parameters = {
            "by": ",".join(query.by),
            "under": query.under,
            "resource": query.resource,
            "user": None if query.user is None else f"{query.user:#018x}",
            "since_ms": query.since_ms,
            "until_ms": query.until_ms,
        }
        rows: list[Row] = self._ask("/v1/usage", parameters)
        return rows

    def records(self, query: RecordQuery) -> list[Row]:
        """Records with everything that is known of them, newest first."""
        parameters = {
            "meter": query.meter,
            "project": query.project,
            "since_ms": query.since_ms,
        }
        return self._ask_pages("/v1/records", parameters, query.limit, ("batch", "position"))

    def alerts(self, since_ms: int | None) -> list[Row]:
        """Alerts, newest first."""
        return self._ask_pages("/v1/alerts", {"since_ms": since_ms}, None, ("block", "ordinal"))

    def rows(self, query: ListQuery) -> list[Row]:
        """Rows of a list, newest first."""
        parameters = {**query.conditions(), "account": query.account}
        return self._ask_pages(f"/v1/{query.name}", parameters, query.limit, ("block", "ordinal"))

    def totals(self) -> Mapping[str, Any]:
        """Counts over everything that has settled."""
        totals: Mapping[str, Any] = self._ask("/v1/totals", {})
        return totals

    def close(self) -> None:
        """Every connection is closed."""
        self._http.close()

    def _ask_pages(
        self,
        path: str,
        parameters: Mapping[str, object],
        limit: int | None,
        place: tuple[str, str],
    ) -> list[Row]:
        """Up to `limit` rows, page after page; None = all."""
        rows: list[Row] = []
        before = None
        while limit is None or len(rows) < limit:
            page: list[Row] = self._ask(path, {**parameters, "before": before})
            rows += page
            if not page:
                break
            before = ".".join(str(page[-1][name]) for name in place)
        return rows[:limit]

    def _ask(self, path: str, parameters: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        wanted = {name: value for name, value in parameters.items() if value not in (None, "")}
        head = int(self._wire.loop.run(self._wire.rpc.call("eth_blockNumber")), 16)
        deadline = time.monotonic() + ROUNDS_S
        while True:
            failures: list[str] = []
            for url in list(self._urls):
                try:
                    self._wait_for_index(url, head)
                    return _read_answer(self._http.get(f"{url}{path}", params=_as_text(wanted)))
                except (httpx.TransportError, TimeoutError) as error:
                    failures.append(f"{url}: {type(error).__name__}")
                    self._urls.append(self._urls.pop(0))
            if not failures or time.monotonic() > deadline:
                actual = ", ".join(failures) or "none known"
                raise NodesUnreachable("no validator answered", actual=actual)
            time.sleep(PAUSE_S)

    def _wait_for_index(self, url: str, head: int) -> None:
        """The validator's index holds the block `head`.

        Raises:
            TimeoutError: not in time.
        """
        deadline = time.monotonic() + INDEX_PATIENCE_S
        while _read_answer(self._http.get(f"{url}/v1/status"))["index_block"] < head:
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(POLL_S)


def open_reads(wire: Wire) -> Reads:
    """Whoever answers best: validators of the folder's network, else an index of one's own."""
    if wire.has_folder:
        file = wire.folder.read_network()
        if file is not None:
            urls = [validator.url for validator in file.validators]
            return NodeReads(wire, urls, load_tokens(wire.folder))
    return ChainReads(wire)


def _as_text(parameters: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in parameters.items()}


def _read_answer(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    """What the validator answered.

    Raises:
        NodeRefused: it found something wrong with the question.
        NodeFailed: it failed itself.
    """
    if response.is_success:
        return response.json()
    document = response.json() if "json" in response.headers.get("content-type", "") else {}
    if response.is_client_error and "code" in document:
        raise NodeRefused(document)
    raise NodeFailed(
        "a validator failed to answer", actual=f"{response.status_code} of {response.url}"
    )
