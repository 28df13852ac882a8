"""Views carried out: through web3 for programs that wait, through `Rpc` for those that do not."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from tallystick.chain.calls import View
from tallystick.chain.errors import AnswerMalformed, ChainUnreachable, Refusal, RpcRefused
from tallystick.chain.reverts import explain_refusal
from tallystick.chain.rpc import MAX_BATCH_CALLS, Call, Rpc

if TYPE_CHECKING:
    from web3 import Web3
    from web3.providers.base import JSONBaseProvider
    from web3.types import RPCEndpoint, RPCResponse

T = TypeVar("T")
Answers = list[Any | RpcRefused]
Result = TypeVar("Result")
Dialogue = Generator[Sequence[Call], Answers, Result]
"""Calls asked in rounds, each seeing the answers before it: the same for both ways of asking."""

LATEST = "latest"
PENDING = "pending"
"""The next block: what would happen now, also on a chain that makes no blocks while it is idle.

anvil and subnet-evm answer with the newest state and the present time. Besu answers as for the
newest block, which is never older than its longest pause between empty blocks.
"""


def connect(*urls: str, timeout_s: float = 10.0) -> Web3:
    """A web3 that asks each endpoint once, in their order, and says so when nobody answers.

    Args:
        urls: of one chain's nodes; whichever answered stays the first that is asked.
        timeout_s: for each of them.
    """
    # Importing web3 takes longer than most programs here run, and only those that wait need it.
    from web3 import Web3  # noqa: PLC0415

    from tallystick.chain.endpoints import FirstAnswering  # noqa: PLC0415

    return Web3(FirstAnswering(urls, timeout_s), middleware=[])


def read(w3: Web3, view: View[T], *, block: int | str = LATEST) -> T:
    """The view's value.

    Raises:
        TransactionReverted: the contract refused to answer; the leaf says why.
        ChainUnreachable: no answer.
    """
    return _decode(view, ask(w3, *_call_of(view, block)))


def read_together(w3: Web3, views: Sequence[View[Any]]) -> tuple[int, list[Any]]:
    """The views' values, all of one block where the node still knows it, and that block's number.

    Raises:
        TransactionReverted: a contract refused to answer.
        ChainUnreachable: no answer.
    """
    return hold(w3, reading_together(views))


async def read_view(rpc: Rpc, view: View[T], *, block: int | str = LATEST) -> T:
    """The view's value; see `read`."""
    answer = (await rpc.call_many([_call_of(view, block)]))[0]
    return _decode(view, answer)


async def read_views(rpc: Rpc, views: Sequence[View[Any]]) -> tuple[int, list[Any]]:
    """The views' values and their block; see `read_together`."""
    return await hold_async(rpc, reading_together(views))


async def read_views_now(rpc: Rpc, views: Sequence[View[Any]]) -> list[Any]:
    """The views' values in the block to come, in whose time deadlines have passed that passed.

    Raises:
        TransactionReverted: a contract refused to answer.
        ChainUnreachable: no answer.
    """
    answers = await rpc.call_many([_call_of(view, PENDING) for view in views])
    return [_decode(view, answer) for view, answer in zip(views, answers, strict=True)]


def reading_together(views: Sequence[View[Any]]) -> Dialogue[tuple[int, list[Any]]]:
    """The rounds of `read_together`."""
    head = expect((yield [("eth_blockNumber", ())])[0])
    answers = yield [_call_of(view, head) for view in views]
    if any(_is_state_gone(answer) for answer in answers):
        answers = yield [_call_of(view, LATEST) for view in views]
    values = [_decode(view, answer) for view, answer in zip(views, answers, strict=True)]
    return int(head, 16), values


def hold(w3: Web3, dialogue: Dialogue[Result]) -> Result:
    """The dialogue's result, its calls asked through web3."""
    try:
        calls = next(dialogue)
        while True:
            calls = dialogue.send(ask_many(w3, calls))
    except StopIteration as end:
        result: Result = end.value
        return result


async def hold_async(rpc: Rpc, dialogue: Dialogue[Result]) -> Result:
    """The dialogue's result, its calls asked through the endpoint pool."""
    try:
        calls = next(dialogue)
        while True:
            calls = dialogue.send(await rpc.call_many(calls))
    except StopIteration as end:
        result: Result = end.value
        return result


def ask(w3: Web3, method: str, params: Sequence[object]) -> Any | RpcRefused:  # noqa: ANN401 - JSON
    """The node's answer to one call, its refusal returned.

    Raises:
        ChainUnreachable: no answer.
    """
    return ask_many(w3, [(method, params)])[0]


def ask_many(w3: Web3, calls: Sequence[Call]) -> Answers:
    """The node's answers in the order of the calls, refusals in their place.

    Raises:
        ChainUnreachable: no answer.
    """
    requests = [(cast("RPCEndpoint", method), list(params)) for method, params in calls]
    try:
        if len(requests) == 1:
            responses = [w3.provider.make_request(*requests[0])]
        else:
            responses = _ask_batch(w3, requests)
    except OSError as error:
        raise ChainUnreachable("the chain endpoint did not answer", actual=str(error)) from error
    return [_answer_of(response) for response in responses]


def expect(answer: Any | RpcRefused) -> Any:  # noqa: ANN401 - JSON
    """The answer, unless it is a refusal.

    Raises:
        TransactionReverted: a contract refused; the leaf says why.
        RpcRefused: the node refused.
    """
    if isinstance(answer, RpcRefused):
        raise explain_refusal(answer)
    return answer


def _ask_batch(w3: Web3, requests: list[tuple[RPCEndpoint, list[object]]]) -> list[RPCResponse]:
    responses: list[RPCResponse] = []
    provider = cast("JSONBaseProvider", w3.provider)
    for start in range(0, len(requests), MAX_BATCH_CALLS):
        part = provider.make_batch_request(requests[start : start + MAX_BATCH_CALLS])
        if not isinstance(part, list):
            raise _refusal_of(part)
        responses += part
    return responses


def _call_of(view: View[Any], block: int | str) -> Call:
    tag = hex(block) if isinstance(block, int) else block
    return ("eth_call", ({"to": view.to, "data": f"0x{view.data.hex()}"}, tag))


def _decode(view: View[T], answer: Any | RpcRefused) -> T:  # noqa: ANN401 - JSON
    return view.decode(bytes.fromhex(expect(answer)[2:]))


def _is_state_gone(answer: Any | RpcRefused) -> bool:  # noqa: ANN401 - JSON
    return isinstance(answer, RpcRefused) and answer.refusal is not Refusal.REVERTED


def _answer_of(response: RPCResponse) -> Any | RpcRefused:  # noqa: ANN401 - JSON
    return _refusal_of(response) if "error" in response else response.get("result")


def _refusal_of(response: RPCResponse) -> RpcRefused:
    error = response["error"]
    if isinstance(error, str):
        raise AnswerMalformed("a chain node sent an error without a code", actual=error[:80])
    return RpcRefused(error["code"], error["message"], error.get("data"))
