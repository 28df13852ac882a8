"""An honest economy is verified, and no single figure of it can be changed unseen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.unit.verify.economy_cases import build_economy, change, replay

UNSEEN = {
    "ProviderSet.provider",  # a name
    "OutcomeConfirmed.account",  # who confirmed: the draw is the contract's
    "KindSet.attributionS",  # windows are the contracts'
    "OfferPosted.minFillUcr",  # as long as the fills are larger
    "OfferPosted.expiresAtS",  # as long as it was taken before
    "ExperimentOpened.lastEpoch",  # as long as nothing was judged in the epoch after
    "ExplorationMinted.epoch",  # as long as the pool's share stays
    "DeskCapsSet.dailyUcr",  # a higher cap forbids nothing
    "DeskCapsSet.dailyPerOrganisationUcr",
    "DeskRateSet.fromS",  # as long as it holds, or not yet
    "IndexSet.epoch",  # a count
    "IndexHeld.epoch",  # another one without reports
    "PriceReported.spreadPpm",  # what the validator says of its sources
    "PriceReported.venues",
    "PriceReported.oldestS",
    "PriceReported.newestS",
}
"""Figures that nothing is minted, paid, priced or judged by."""
UNSEEN_VALUES = {
    ("PriceReported.valuePpm", 1_190_000),  # the median stays
    ("PriceReported.valuePpm", 1_210_000),
    ("DeskRateSet.ratePpm", 500_000),  # the announced rate is the worse one
}


def list_figures() -> Iterator[tuple[tuple[int, int], str]]:
    """Every integer that an event of a contract other than Credits carries."""
    for number, events in enumerate(build_economy()):
        for row, told in enumerate(events):
            for name, value in told.args.items():
                figure = f"{told.name}.{name}"
                is_seen = figure not in UNSEEN and (figure, value) not in UNSEEN_VALUES
                if isinstance(value, int) and is_seen:
                    yield (number, row), name


def list_needed() -> Iterator[tuple[int, int]]:
    """Every event that something rests on: not a name, an index that stays, a rate never used."""
    for number, events in enumerate(build_economy()):
        for row, told in enumerate(events):
            is_idle = told.name in {"ProviderSet", "IndexHeld"}
            if not is_idle and told.args.get("ratePpm") != 500_000:
                yield number, row


def test_honest_economy_verified() -> None:
    assert replay(build_economy()) == []


@pytest.mark.parametrize("place", list(list_needed()))
def test_missing_event_found(place: tuple[int, int]) -> None:
    blocks = build_economy()
    told = blocks[place[0]].pop(place[1])
    assert replay(blocks), f"{told.name} can be left out unseen"


@pytest.mark.parametrize(("place", "name"), list(list_figures()))
def test_changed_figure_found(place: tuple[int, int], name: str) -> None:
    blocks = build_economy()
    told = blocks[place[0]][place[1]]
    changed = change(blocks, place, name, lambda value: not value if value is True else value + 1)
    found = replay(changed)
    assert found, f"{told.name}.{name} can be changed unseen"


def test_economy_goes_on_from_a_checkpoint() -> None:
    """Every book survives being written and read."""
    blocks = build_economy()
    for cut in range(0, len(blocks), 3):
        assert replay(blocks, restart_before=cut) == []
