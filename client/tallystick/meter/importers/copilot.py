"""The GitHub Copilot coding agent traces: one session a line, with its turns and their LLM calls.

The format is that of the Azure public dataset of June 2026 (`GitHubCopilotCodingAgentDataset2026`):
sessions without names or text, models as "Model A". Every LLM call is one row here.

What its description leaves open, and is taken for granted here: `prompt` includes `cached`, as
`total` is prompt and completion; nothing is said of reasoning, so that all of `completion` counts
as visible; `timestamp` is when a call began.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

import msgspec

from tallystick.meter.importers.chunks import CHUNK_ROWS, Cells, Chunk
from tallystick.meter.importers.errors import RowMalformed
from tallystick.meter.importers.options import ImportOptions

COLUMNS: Final = {
    "time": "timestamp",
    "resource": "model",
    "in_total": "tokens.prompt",
    "in_cached": "tokens.cached",
    "out_visible": "tokens.completion",
    "step": "llm_calls",
}
"""Field -> member of a call; `step` is a call's place in its turn, from 1."""

SUCCESS: Final = "Success"
MAX_STEP: Final = 2**16 - 1
MAX_LINE_BYTES: Final = 64 << 20
"""Of one session: hundreds of calls, each with the lengths of hundreds of prompt segments."""


class _Tokens(msgspec.Struct):
    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None


class _Call(msgspec.Struct):
    timestamp: str
    model: str
    result: str | None = None
    tokens: _Tokens | None = None


class _Turn(msgspec.Struct):
    llm_calls: list[_Call] | None = None


class _Session(msgspec.Struct):
    session_id: str
    turns: list[_Turn]


class _Row(NamedTuple):
    """One LLM call, as text."""

    time: str
    resource: str
    in_total: str
    in_cached: str
    out_visible: str
    step: str


def read_copilot(stream: BinaryIO, options: ImportOptions) -> Iterator[Chunk]:
    """The calls of a trace, in the file's order.

    Models become slugs: "Model A" is `model-a`. Where the options name a resource it is that of
    every call, since the trace's own names are nobody's. A call without tokens that did not
    succeed used nothing and is no row.

    Raises:
        RowMalformed: a line is no session of such a trace, or a call that succeeded lacks tokens.
    """
    decoder = msgspec.json.Decoder(_Session)
    left_out = {"resource"} & set(options.defaults)
    rows: list[_Row] = []
    lines: list[int] = []
    for number, line in enumerate(stream, 1):
        if line.isspace():
            continue
        found = list(_list_calls(_decode(decoder, line, number), number))
        rows += found
        lines += [number] * len(found)
        while len(rows) >= CHUNK_ROWS:
            yield _build_chunk(rows[:CHUNK_ROWS], lines[:CHUNK_ROWS], left_out)
            rows, lines = rows[CHUNK_ROWS:], lines[CHUNK_ROWS:]
    if rows:
        yield _build_chunk(rows, lines, left_out)


def _list_calls(session: _Session, line: int) -> Iterator[_Row]:
    for turn in session.turns:
        for place, call in enumerate(turn.llm_calls or (), 1):
            tokens = call.tokens or _Tokens()
            if tokens.prompt is None or tokens.completion is None:
                if call.result == SUCCESS:
                    raise RowMalformed(
                        line, "tokens", expected="tokens of a call that succeeded", actual="none"
                    )
                continue
            yield _Row(
                call.timestamp,
                "-".join(call.model.lower().split()),
                str(tokens.prompt),
                str(tokens.cached or 0),
                str(tokens.completion),
                str(min(place, MAX_STEP)),
            )


def _build_chunk(rows: list[_Row], lines: list[int], left_out: set[str]) -> Chunk:
    columns = zip(_Row._fields, zip(*rows, strict=True), strict=True)
    return {
        name: Cells(COLUMNS[name], list(values), lines.__getitem__)
        for name, values in columns
        if name not in left_out
    }


def _decode(decoder: msgspec.json.Decoder[_Session], line: bytes, number: int) -> _Session:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise RowMalformed(
            number, "the line", expected="a session of a Copilot trace", actual=str(error)
        ) from error
