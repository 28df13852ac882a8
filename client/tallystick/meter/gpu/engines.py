"""Tokens that a model server counts itself: vLLM and SGLang.

Counters know models, not callers: all of a server's tokens of a model are billed to one project.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tallystick.core.usage import Flag
from tallystick.meter.gpu.counters import Counted, compute_growth
from tallystick.meter.gpu.errors import ScrapeMalformed
from tallystick.meter.gpu.scrape import FetchPage, Sample, fetch_page, parse_page
from tallystick.meter.gpu.uses import BucketKey, Payer, Use
from tallystick.meter.gpu.watching import Moment, SourceMemory

Kind = Literal["vllm", "sglang"]
Part = Literal["prompt", "cached", "generation"]

NAMES_BY_KIND: Final[Mapping[Kind, Mapping[str, Part]]] = {
    "vllm": {
        "vllm:prompt_tokens_total": "prompt",
        "vllm:prompt_tokens_cached_total": "cached",
        "vllm:generation_tokens_total": "generation",
    },
    "sglang": {
        "sglang:prompt_tokens_total": "prompt",
        "sglang:cached_tokens_total": "cached",
        "sglang:generation_tokens_total": "generation",
    },
}
"""Prompt tokens include the cached ones. `_created` beside a counter says when it began."""

REPEATING_RANKS: Final = ("tp_rank", "pp_rank", "moe_ep_rank")
"""Ranks that work on the same tokens: only the first of each counts."""
MAX_SERIES: Final = 4096
MAX_UNMETERED: Final = 64
CREATED_PER_S: Final = 1_000

FLAGS: Final = int(Flag.AGGREGATE | Flag.REASONING_NOT_REPORTED)


@dataclass(frozen=True, slots=True)
class TokenSeries:
    """One counter of a page.

    Args:
        id: the same for the same name and labels.
        model: as the server names it; "" where it does not.
        part: what is counted.
        counted: how far.
    """

    id: str
    model: str
    part: Part
    counted: Counted


@dataclass(frozen=True, slots=True)
class EnginePolicy:
    """Whom and what an engine's tokens are billed to.

    Args:
        payer: of all its tokens.
        slug_by_model: resources by the server's own name of a model; others are looked up as "*".
    """

    payer: Payer
    slug_by_model: Mapping[str, str]

    def find_slug(self, model: str) -> str | None:
        """The resource of a model, None where it is not metered."""
        return self.slug_by_model.get(model) or self.slug_by_model.get("*")


@dataclass(frozen=True, slots=True)
class EngineReading:
    """A page of an engine."""

    origin: str
    series: Iterable[TokenSeries]
    policy: EnginePolicy

    def advance(self, memory: SourceMemory, moment: Moment) -> list[Use]:  # noqa: ARG002 - tokens have no duration
        """As in `watching.Reading`."""
        growth: dict[str, Counter[Part]] = {}
        for each in self.series:
            known = memory.counters.get(each.id)
            if known is None and len(memory.counters) >= MAX_SERIES:
                continue
            grown = compute_growth(known, each.counted, is_watched=memory.is_watched)
            memory.counters[each.id] = each.counted
            growth.setdefault(each.model, Counter())[each.part] += grown
        memory.is_watched = True
        found = [self._build_use(model, parts, memory) for model, parts in growth.items()]
        return [use for use in found if use is not None]

    def _build_use(self, model: str, parts: Mapping[Part, int], memory: SourceMemory) -> Use | None:
        slug = self.policy.find_slug(model)
        if slug is None:
            _count_unmetered(memory, model, parts.get("prompt", 0) + parts.get("generation", 0))
            return None
        prompt = parts.get("prompt", 0)
        # A page may show a prompt's cached part before the prompt: it waits for the prompt.
        waiting = parts.get("cached", 0) + memory.carried.pop(model, 0)
        cached = min(waiting, prompt)
        if waiting > cached:
            memory.carried[model] = waiting - cached
        fine = {
            "in_fresh": prompt - cached,
            "in_cached": cached,
            "out_visible": parts.get("generation", 0),
        }
        used = {name: value for name, value in fine.items() if value}
        key = BucketKey(slug, self.policy.payer, self.origin, FLAGS)
        return Use(key, used) if used else None


@dataclass(frozen=True, slots=True)
class EngineSource:
    """A model server, read over HTTP.

    Args:
        url: of its page, such as http://server:8000/metrics.
        kind: which server it is.
        policy: who pays.
        fetch: reads pages.
    """

    url: str
    kind: Kind
    policy: EnginePolicy
    fetch: FetchPage = field(default=fetch_page)

    @property
    def name(self) -> str:
        """As in `watching.Source`."""
        return f"engine {self.url}"

    def read(self) -> EngineReading:
        """As in `watching.Source`."""
        names = NAMES_BY_KIND[self.kind]
        samples = parse_page(self.fetch(self.url), {*names, *map(_name_created, names)})
        series = read_series(samples, self.kind)
        if not series:
            raise ScrapeMalformed(
                f"{self.url} counts no tokens", expected=f"metrics of {self.kind}"
            )
        return EngineReading(self.url, series, self.policy)


def read_series(samples: Iterable[Sample], kind: Kind) -> list[TokenSeries]:
    """The page's counters of tokens; of a series that is there twice, the larger."""
    names = NAMES_BY_KIND[kind]
    born_by_id: dict[str, int] = {}
    found: dict[str, TokenSeries] = {}
    created = {_name_created(name): name for name in names}
    for sample in samples:
        if _is_repeated(sample.labels) or sample.value < 0:
            continue
        if sample.name in created:
            series_id = _compute_id(created[sample.name], sample.labels)
            born_by_id[series_id] = int(sample.value * CREATED_PER_S)
        elif sample.name in names:
            series_id = _compute_id(sample.name, sample.labels)
            before = found[series_id].counted.value if series_id in found else 0
            found[series_id] = TokenSeries(
                series_id,
                sample.labels.get("model_name", ""),
                names[sample.name],
                Counted(max(int(sample.value), before)),
            )
    return [
        TokenSeries(each.id, each.model, each.part, Counted(each.counted.value, born))
        for each in found.values()
        for born in (born_by_id.get(each.id, 0),)
    ]


def _name_created(name: str) -> str:
    """What Python's client for Prometheus calls the birth of a counter."""
    return name.removesuffix("_total") + "_created"


def _count_unmetered(memory: SourceMemory, model: str, tokens: int) -> None:
    if model in memory.unmetered or len(memory.unmetered) < MAX_UNMETERED:
        memory.unmetered[model] = memory.unmetered.get(model, 0) + tokens


def _is_repeated(labels: Mapping[str, str]) -> bool:
    return any(labels.get(rank, "0") != "0" for rank in REPEATING_RANKS)


def _compute_id(name: str, labels: Mapping[str, str]) -> str:
    text = "\0".join((name, *(f"{key}\0{labels[key]}" for key in sorted(labels))))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
