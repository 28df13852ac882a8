"""Token counters of model servers become tokens used, once each."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.meter.gpu.pages import read_page, set_value

from tallystick.core.usage import Flag
from tallystick.meter.gpu.engines import EnginePolicy, EngineSource, Kind
from tallystick.meter.gpu.errors import ScrapeMalformed
from tallystick.meter.gpu.uses import Payer, Use
from tallystick.meter.gpu.watching import Moment, SourceMemory

MODEL = "meta-llama/Llama-3.1-70B-Instruct"
POLICY = EnginePolicy(Payer("acme/support"), {MODEL: "llama-3.1-70b"})
MOMENT = Moment(1_700_000_000_000, 0, "b")


class Pages:
    """One page after the other."""

    def __init__(self, page: str) -> None:
        self.page = page

    def __call__(self, url: str) -> str:
        assert url == "http://server:8000/metrics"
        return self.page


def create_source(page: str, kind: Kind = "vllm", **policy: Any) -> tuple[EngineSource, Pages]:  # noqa: ANN401 - passed on
    pages = Pages(page)
    chosen = EnginePolicy(**policy) if policy else POLICY
    return EngineSource("http://server:8000/metrics", kind, chosen, pages), pages


def advance(source: EngineSource, memory: SourceMemory) -> list[Use]:
    return source.read().advance(memory, MOMENT)


def test_tokens_from_before_anybody_watched_are_not_metered() -> None:
    source, _ = create_source(read_page("vllm.prom"))
    memory = SourceMemory()
    assert advance(source, memory) == []
    assert advance(source, memory) == []


def test_tokens_since_the_last_page_are_metered_with_cached_ones_apart() -> None:
    source, pages = create_source(read_page("vllm.prom"))
    memory = SourceMemory()
    advance(source, memory)
    page = set_value(pages.page, 'vllm:prompt_tokens_total{engine="0"', "4.4481045e+08")
    page = set_value(page, 'vllm:prompt_tokens_total{engine="1"', "1100.0")
    page = set_value(page, 'vllm:prompt_tokens_cached_total{engine="0"', "1.20000200e+08")
    pages.page = set_value(page, 'vllm:generation_tokens_total{engine="0"', "2.5000117e+07")
    (use,) = advance(source, memory)
    assert use.fine == {"in_fresh": 350, "in_cached": 200, "out_visible": 100}
    assert use.key.resource == "llama-3.1-70b"
    assert use.key.payer == Payer("acme/support")
    assert use.key.flags == Flag.AGGREGATE | Flag.REASONING_NOT_REPORTED
    assert advance(source, memory) == []


def test_tokens_of_sglang_count_ranks_that_share_them_once() -> None:
    source, pages = create_source(read_page("sglang.prom"), "sglang")
    memory = SourceMemory()
    advance(source, memory)
    pages.page = pages.page.replace("8.128902e+06", "8.128952e+06").replace(" 500.0", " 520.0")
    (use,) = advance(source, memory)
    assert use.fine == {"in_fresh": 30, "in_cached": 20}


def test_tokens_after_a_restart_are_all_that_is_shown() -> None:
    source, pages = create_source(read_page("vllm.prom"))
    memory = SourceMemory()
    advance(source, memory)
    page = set_value(pages.page, "vllm:prompt_tokens_total", "70.0")
    page = set_value(page, "vllm:prompt_tokens_cached_total", "0.0")
    pages.page = set_value(page, "vllm:generation_tokens_total", "5.0")
    (use,) = advance(source, memory)
    assert use.fine == {"in_fresh": 140, "out_visible": 10}


def test_restart_is_seen_by_its_birth_when_more_was_counted_since_than_before() -> None:
    page = 'vllm:prompt_tokens_total{model_name="m"} 100\n'
    page += 'vllm:prompt_tokens_created{model_name="m"} 5\n'
    source, pages = create_source(page, payer=Payer("acme/a"), slug_by_model={"*": "llama"})
    memory = SourceMemory()
    advance(source, memory)
    pages.page = page.replace(" 100", " 120").replace("} 5", "} 6.5")
    (use,) = advance(source, memory)
    assert use.fine == {"in_fresh": 120}


def test_model_that_appears_while_watched_counts_from_its_beginning() -> None:
    page = 'vllm:prompt_tokens_total{model_name="m"} 100\n'
    source, pages = create_source(page, payer=Payer("acme/a"), slug_by_model={"*": "llama"})
    memory = SourceMemory()
    advance(source, memory)
    pages.page = page + 'vllm:prompt_tokens_total{model_name="n"} 30\n'
    (use,) = advance(source, memory)
    assert use.fine == {"in_fresh": 30}


def test_series_that_is_gone_for_a_while_is_not_counted_again() -> None:
    page = 'vllm:prompt_tokens_total{model_name="m"} 100\n'
    source, pages = create_source(page, payer=Payer("acme/a"), slug_by_model={"*": "llama"})
    memory = SourceMemory()
    advance(source, memory)
    pages.page = 'vllm:prompt_tokens_total{model_name="n"} 0\n'
    advance(source, memory)
    pages.page = page.replace("100", "110")
    (use,) = advance(source, memory)
    assert use.fine == {"in_fresh": 10}


def test_model_without_a_resource_is_counted_as_unmetered() -> None:
    page = 'vllm:prompt_tokens_total{model_name="m"} 100\n'
    source, pages = create_source(page)
    memory = SourceMemory()
    advance(source, memory)
    pages.page = page.replace("100", "130")
    assert advance(source, memory) == []
    assert memory.unmetered == {"m": 30}


def test_cached_tokens_wait_for_their_prompt() -> None:
    lines = 'vllm:prompt_tokens_total{{model_name="m"}} {}\n'
    lines += 'vllm:prompt_tokens_cached_total{{model_name="m"}} {}\n'
    source, pages = create_source(
        lines.format(0, 0), payer=Payer("acme/a"), slug_by_model={"m": "llama"}
    )
    memory = SourceMemory()
    advance(source, memory)
    pages.page = lines.format(10, 40)
    (first,) = advance(source, memory)
    pages.page = lines.format(90, 40)
    (second,) = advance(source, memory)
    assert (first.fine, second.fine) == ({"in_cached": 10}, {"in_fresh": 50, "in_cached": 30})


@pytest.mark.parametrize("page", ["", "up 1\n", 'vllm:prompt_tokens_total{model_name="m"} NaN\n'])
def test_page_without_counters_is_refused(page: str) -> None:
    with pytest.raises(ScrapeMalformed):
        create_source(page)[0].read()


@given(st.lists(st.lists(st.integers(0, 10**6), min_size=1, max_size=5), min_size=1, max_size=4))
def test_tokens_add_up_to_what_every_life_of_a_server_counted(lives: list[list[int]]) -> None:
    def show(born: int, value: int) -> str:
        return (
            f'vllm:generation_tokens_total{{model_name="m"}} {value}\n'
            f'vllm:generation_tokens_created{{model_name="m"}} {born}\n'
        )

    source, pages = create_source(show(1, 0), payer=Payer("acme/a"), slug_by_model={"m": "llama"})
    memory = SourceMemory()
    advance(source, memory)
    total = 0
    for born, life in enumerate(lives, start=2):
        value = 0
        for step in life:
            value += step
            pages.page = show(born, value)
            total += sum(use.fine["out_visible"] for use in advance(source, memory))
    assert total == sum(sum(life) for life in lives)
