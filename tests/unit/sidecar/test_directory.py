from dataclasses import replace

import pytest
from tests.unit.core.builders import (
    ACME,
    CHAT,
    DAY_MS,
    GPT_4O,
    METER,
    MODEL,
    NOW_MS,
    RIVAL_PROJECT,
    SUPPORT,
    WIDE,
)
from tests.unit.sidecar.networks import CLAUDE, GPU, build_directory

from tallystick.client.errors import AccountUnknown, PathInvalid, ResourceUnknown
from tallystick.core.facts import Account, PriceIndex, Resource, ResourceRates
from tallystick.core.tariff import Rates
from tallystick.sidecar.errors import ProjectNotBillable


def test_project_is_refused_when_it_is_no_path() -> None:
    with pytest.raises(PathInvalid):
        build_directory().project("Acme/../chat")


def test_project_is_refused_with_the_nearest_when_there_is_none() -> None:
    with pytest.raises(AccountUnknown) as refusal:
        build_directory().project("acme/support/chta")
    assert refusal.value.nearest[0] == "acme/support/chat"


def test_project_is_refused_when_it_is_an_organisation() -> None:
    with pytest.raises(ProjectNotBillable):
        build_directory().project("acme")


@pytest.mark.parametrize("closed", [CHAT, SUPPORT, ACME])
def test_project_is_refused_when_it_or_what_is_above_is_closed(closed: int) -> None:
    parent = {CHAT: SUPPORT, SUPPORT: ACME, ACME: 0}[closed]
    name = {CHAT: "chat", SUPPORT: "support", ACME: "acme"}[closed]
    shut = Account(closed, parent, name, "0xac", active=False, from_ms=NOW_MS)
    with pytest.raises(ProjectNotBillable):
        build_directory(shut).project("acme/support/chat")


def test_project_is_found_by_path_until_its_end() -> None:
    later = Account(CHAT, SUPPORT, "chat", "0xac", active=False, from_ms=NOW_MS + 1)
    directory = build_directory(later)
    assert directory.project("acme/support/chat") == CHAT
    assert directory.project("/acme/support/chat/") == CHAT
    assert directory.path_of(CHAT) == "acme/support/chat"
    assert directory.organisation_of(CHAT) == "acme"


def test_account_is_known_when_it_was_asked_for_before_it_was_announced() -> None:
    directory = build_directory()
    assert directory.path_of(9) == ""
    directory.learn([Account(9, SUPPORT, "voice", "0xac", active=True, from_ms=0)])
    assert directory.project("acme/support/voice") == 9
    assert directory.path_of(9) == "acme/support/voice"


def test_is_below_tells_what_a_meter_may_bill() -> None:
    directory = build_directory()
    account = directory.meter_account(METER)
    assert account == ACME
    assert directory.is_below(CHAT, ACME)
    assert directory.is_below(ACME, ACME)
    assert not directory.is_below(RIVAL_PROJECT, ACME)
    assert not directory.is_below(99, ACME)
    assert directory.meter_account(99) is None


def test_resource_is_none_when_it_is_closed_or_unknown() -> None:
    shut = Resource(MODEL, "gpt-4o", 1, 1, "", WIDE, active=False, from_ms=NOW_MS)
    assert build_directory(shut).resource("gpt-4o") is None
    assert build_directory().resource("gpt-5") is None


def test_require_resource_names_the_nearest() -> None:
    with pytest.raises(ResourceUnknown) as refusal:
        build_directory().require_resource("gpt-4o-felx")
    assert refusal.value.nearest == ["gpt-4o-flex", "gpt-4o"]


def test_resource_says_what_it_is_billed_by() -> None:
    directory = build_directory()
    model, gpu = directory.require_resource("gpt-4o"), directory.require_resource("h100")
    assert (model.id, model.kind, model.basis) == (MODEL, "model", "tokens")
    assert (gpu.id, gpu.kind, gpu.basis) == (GPU, "gpu", "gpu")
    assert directory.slug_of(GPU) == "h100"
    assert directory.slug_of(99) == ""


def test_prices_are_none_when_a_resource_has_no_rates() -> None:
    directory = build_directory()
    assert directory.prices(CLAUDE) is None
    assert directory.prices(99) is None


def test_prices_hold_every_rate_that_is_announced() -> None:
    dearer = replace(GPT_4O, w_out=400_000)
    directory = build_directory(
        ResourceRates(2, MODEL, dearer, NOW_MS + DAY_MS),
        ResourceRates(3, MODEL, GPT_4O, NOW_MS + 2 * DAY_MS),
    )
    prices = directory.prices(MODEL)
    assert prices is not None
    assert prices.current.w_out == 300_000
    assert [rates.w_out for rates in prices.dearest] == [300_000, 400_000]


def test_prices_follow_the_index_when_it_is_announced() -> None:
    directory = build_directory(PriceIndex("h100", 1, 1_100_000, NOW_MS + DAY_MS))
    prices = directory.prices(GPU)
    assert prices is not None
    assert prices.current.g == 6_000
    assert [rates.g for rates in prices.dearest] == [6_000, 6_600]


def test_prices_change_when_their_time_comes() -> None:
    now = [NOW_MS]
    directory = build_directory()
    directory._clock = lambda: now[0]
    directory.learn([ResourceRates(2, MODEL, Rates(w_in=7), NOW_MS + 10)])
    before = directory.prices(MODEL)
    now[0] += 10
    after = directory.prices(MODEL)
    assert before is not None
    assert after is not None
    assert before.current.w_in == 100_000
    assert after.current.w_in == 7
    assert len(after.dearest) == 1


def test_prices_change_when_news_arrive() -> None:
    directory = build_directory()
    assert directory.prices(MODEL) is not None
    directory.learn([ResourceRates(2, MODEL, Rates(w_in=9), NOW_MS)])
    prices = directory.prices(MODEL)
    assert prices is not None
    assert prices.current.w_in == 9


def test_directory_is_empty_when_it_has_forgotten() -> None:
    directory = build_directory()
    directory.forget()
    assert directory.organisations() == []
    assert directory.slugs() == []
    with pytest.raises(AccountUnknown):
        directory.project("acme/support/chat")
