"""Events become records once, with the key's rights, or wait for their resource."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.meter.events.network import APP, TEAM, Key, Priced, Setup, open_setup
from tests.unit.meter.opened import NOW_MS

from tallystick.core.errors import InvalidInput
from tallystick.core.usage import Flag, read_time_ms
from tallystick.meter.errors import HeldFull
from tallystick.meter.events.book import Entered
from tallystick.meter.events.errors import (
    EventModelForbidden,
    EventProjectForbidden,
    EventRefused,
)
from tallystick.meter.events.event import Event

EVENT = Event(
    source="urn:test",
    id="1",
    time_ms=NOW_MS,
    models=("gpt-4o",),
    quantities={"in_fresh": 7, "out_visible": 2},
    raw=b'{"prompt_tokens":7}',
)


def enter(setup: Setup, *events: Event, key: Key | None = None) -> Entered:
    resolved = [setup.book.resolve(event, key or Key()) for event in events]
    return asyncio.run(setup.book.enter(resolved))


def test_event_is_a_record_with_details(tmp_path: Path) -> None:
    with open_setup(tmp_path) as setup:
        assert enter(setup, EVENT) == Entered(recorded=1)
        setup.recorder.close()
        (record,) = setup.read_records()
        assert (record["project"], record["resource"], record["in_fresh"]) == (TEAM, 11, 7)
        assert (record["flags"], record["user"], record["step"]) == (0, 0, 0)
        detail = setup.details.get(0)
        assert detail is not None
        assert (detail.source, detail.model, detail.raw) == ("event", "gpt-4o", EVENT.raw)
        assert len(setup.charged) == 1


def test_event_counts_once_and_the_first_one_wins(tmp_path: Path) -> None:
    changed = replace(EVENT, quantities={"in_fresh": 9_000})
    with open_setup(tmp_path) as setup:
        assert enter(setup, EVENT, changed) == Entered(recorded=1, repeated=1)
        assert enter(setup, changed) == Entered(repeated=1)
        assert enter(setup, replace(EVENT, id="2")) == Entered(recorded=1)
        assert enter(setup, replace(EVENT, source="urn:other")) == Entered(recorded=1)
        setup.recorder.close()
        assert setup.read_records()["in_fresh"].tolist() == [7, 7, 7]
        assert len(setup.charged) == 3


def test_event_counts_once_after_a_restart(tmp_path: Path) -> None:
    with open_setup(tmp_path) as setup:
        enter(setup, EVENT)
    with open_setup(tmp_path) as setup:
        assert enter(setup, EVENT) == Entered(repeated=1)


def test_backdated_event_is_recorded_with_its_time(tmp_path: Path) -> None:
    """Whatever is acknowledged is recorded, however old it is."""
    old_ms = NOW_MS - 40 * 86_400_000
    with open_setup(tmp_path) as setup:
        assert enter(setup, replace(EVENT, time_ms=old_ms)).recorded == 1
        setup.recorder.close()
        assert read_time_ms(setup.read_records()).tolist() == [old_ms]


def test_event_bills_what_lies_below_the_keys_project(tmp_path: Path) -> None:
    with open_setup(tmp_path) as setup:
        assert enter(setup, replace(EVENT, project="acme/ml/app")).recorded == 1
        setup.recorder.close()
        assert setup.read_records()["project"].tolist() == [APP]
        with pytest.raises(EventProjectForbidden):
            setup.book.resolve(replace(EVENT, project="acme/hr"), Key())
        with pytest.raises(EventProjectForbidden):
            setup.book.resolve(replace(EVENT, project="acme/ml"), Key(project=APP))
        with pytest.raises(InvalidInput):
            setup.book.resolve(replace(EVENT, project="acme"), Key())


def test_key_decides_over_models(tmp_path: Path) -> None:
    key = Key(models=frozenset({"gpt-4o"}))
    with open_setup(tmp_path) as setup:
        setup.book.resolve(replace(EVENT, models=("gpt-4o-2024", "gpt-4o")), key)
        with pytest.raises(EventModelForbidden):
            setup.book.resolve(replace(EVENT, models=("o3",)), key)


def test_user_step_and_flags_are_the_keys_unless_named(tmp_path: Path) -> None:
    named = replace(EVENT, user="ada", step=9, flags=Flag.REASONING_NOT_REPORTED)
    key = Key(records_users=True, is_experiment=True, step=4)
    with open_setup(tmp_path) as setup:
        enter(setup, named, key=key)
        enter(setup, replace(named, id="2", step=None), key=replace(key, user="grace"))
        enter(setup, replace(named, id="3"), key=replace(key, records_users=False))
        setup.recorder.close()
        records = setup.read_records()
        assert records["user"].tolist() == [3, 5, 0]
        assert records["step"].tolist() == [9, 4, 9]
        expected = int(Flag.REASONING_NOT_REPORTED | Flag.EXPLORATION)
        assert set(records["flags"].tolist()) == {expected}


def test_first_name_that_is_priced_counts(tmp_path: Path) -> None:
    with open_setup(tmp_path) as setup:
        enter(setup, replace(EVENT, models=("gpt-4o-2024-08-06", "gpt-4o")))
        enter(setup, replace(EVENT, id="2", tier="flex"))
        enter(setup, replace(EVENT, id="3", tier="priority"))
        setup.recorder.close()
        assert setup.read_records()["resource"].tolist() == [11, 12, 11]


def test_configuration_decides_over_names(tmp_path: Path) -> None:
    slugs = {("chat-large", ""): "gpt-4o", ("chat-large", "batch"): "gpt-4o@flex"}
    with open_setup(tmp_path, find_slug=lambda name, tier: slugs.get((name, tier))) as setup:
        enter(setup, replace(EVENT, models=("chat-large",)))
        enter(setup, replace(EVENT, id="2", models=("chat-large",), tier="batch"))
        setup.recorder.close()
        assert setup.read_records()["resource"].tolist() == [11, 12]


def test_use_that_its_resource_is_not_charged_by_is_refused(tmp_path: Path) -> None:
    """A count that nothing prices is an error, never a record that costs nothing."""
    gpu = replace(EVENT, quantities={"compute_ms": 5})
    with open_setup(tmp_path) as setup:
        with pytest.raises(EventRefused):
            setup.book.resolve(replace(EVENT, models=("h100",)), Key())
        with pytest.raises(EventRefused):
            setup.book.resolve(gpu, Key())
        with pytest.raises(EventRefused, match="no resource"):
            setup.book.resolve(replace(gpu, models=("b200",)), Key())
        assert enter(setup, replace(gpu, models=("h100",))).recorded == 1


def test_event_of_an_unknown_model_is_held_until_it_exists(tmp_path: Path) -> None:
    unknown = replace(EVENT, models=("gpt-9-2027-01-01", "gpt-9"))
    with open_setup(tmp_path) as setup:
        assert enter(setup, unknown) == Entered(held=1)
        assert enter(setup, unknown) == Entered(repeated=1)
        assert setup.held.list_waiting()[0].slug == "gpt-9"
        assert asyncio.run(setup.book.release()) == 0
        setup.directory.resources["gpt-9"] = Priced(31, "gpt-9", "gpu")
        assert asyncio.run(setup.book.release()) == 0
        setup.directory.resources["gpt-9"] = Priced(31, "gpt-9")
        assert asyncio.run(setup.book.release()) == 1
        assert enter(setup, unknown) == Entered(repeated=1)
        setup.recorder.close()
        (record,) = setup.read_records()
        assert (record["resource"], record["in_fresh"]) == (31, 7)


def test_held_event_that_comes_again_is_recorded_once(tmp_path: Path) -> None:
    """Repeated after its resource was made and before what is held is released."""
    unknown = replace(EVENT, models=("gpt-9",))
    with open_setup(tmp_path) as setup:
        enter(setup, unknown)
        setup.directory.resources["gpt-9"] = Priced(31, "gpt-9")
        assert enter(setup, unknown).recorded == 1
        assert asyncio.run(setup.book.release()) == 0
        setup.recorder.close()
        assert len(setup.read_records()) == 1


def test_too_many_held_events_are_refused_for_now(tmp_path: Path) -> None:
    with open_setup(tmp_path, max_held=1) as setup:
        enter(setup, replace(EVENT, models=("a",)))
        with pytest.raises(HeldFull):
            enter(setup, replace(EVENT, id="2", models=("a",)))
