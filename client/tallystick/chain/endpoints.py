"""Several endpoints of one chain behind one web3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from web3 import HTTPProvider
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

T = TypeVar("T")


class FirstAnswering(JSONBaseProvider):
    """Asks the endpoint that answered last, and the others in turn where it is silent.

    A node's own "no" is an answer. A transaction that a silent node may have taken is the same
    transaction at the next one.

    Args:
        urls: at least one.
        timeout_s: for each of them.
    """

    def __init__(self, urls: Sequence[str], timeout_s: float) -> None:
        super().__init__()
        self._providers = [
            HTTPProvider(
                url, request_kwargs={"timeout": timeout_s}, exception_retry_configuration=None
            )
            for url in urls
        ]

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:  # noqa: ANN401 - web3's
        """One answer, whoever gives it."""
        return self._ask(lambda provider: provider.make_request(method, params))

    def make_batch_request(
        self, batch_requests: list[tuple[RPCEndpoint, Any]]
    ) -> list[RPCResponse] | RPCResponse:
        """All answers of one endpoint."""
        return self._ask(lambda provider: provider.make_batch_request(batch_requests))

    def _ask(self, exchange: Callable[[HTTPProvider], T]) -> T:
        silence: OSError | None = None
        for provider in tuple(self._providers):
            try:
                answer = exchange(provider)
            except OSError as error:
                silence = error
                self._providers.append(self._providers.pop(0))
            else:
                return answer
        raise silence or OSError("no endpoint is known")
