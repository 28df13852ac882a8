import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.builders import ACME, CHAT, METER, MODEL, NOW_MS, RULES, WIDE, build_facts

from tallystick.core.errors import FactUnknown
from tallystick.core.facts import Account, Fact, FactBook, MeterKey, PriceIndex, Resource, Timeline


def test_rules_and_validators_are_missed_by_name_when_unknown() -> None:
    facts = FactBook().at(0)
    with pytest.raises(FactUnknown):
        facts.rules_at(NOW_MS)
    with pytest.raises(FactUnknown):
        facts.validators_at(NOW_MS)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers()), max_size=12), st.integers(-1, 10))
def test_timeline_answers_like_a_scan_of_its_announcements(
    announced: list[tuple[int, int]], asked: int
) -> None:
    timeline: Timeline[int] = Timeline()
    for from_ms, value in announced:
        timeline.insert(from_ms, value)
    # Scanned afresh: the latest start not after the time wins, and of equal starts the last said.
    held = [(start, place) for place, (start, _) in enumerate(announced) if start <= asked]
    assert timeline.at(asked) == (announced[max(held)[1]][1] if held else None)


@given(st.lists(st.integers(1, 3), min_size=1, max_size=8), st.data())
def test_book_knows_at_a_block_what_was_announced_up_to_it(
    steps: list[int], data: st.DataObject
) -> None:
    book, block, announced = FactBook(), 0, list[tuple[int, Fact]]()
    for place, step in enumerate(steps):
        block += step
        fact = Account(place + 1, 0, f"org-{place}", "0x0", active=True, from_ms=0)
        book.announce(block, [fact])
        announced.append((block, fact))
        book.at(data.draw(st.integers(0, block)))
    asked = data.draw(st.integers(0, block + 1))
    assert set(book.at(asked).accounts) == {
        n + 1 for n, (at, _) in enumerate(announced) if at <= asked
    }
    book.unwind(asked)
    assert list(book.dump()) == [(at, fact) for at, fact in announced if at <= asked]
    assert set(book.at(block).accounts) == set(book.at(asked).accounts)


def test_paths_run_from_the_organisation_down() -> None:
    facts = build_facts()
    assert facts.path(CHAT) == "acme/support/chat"
    assert facts.path_ids(CHAT)[0] == ACME
    assert facts.path(99) == ""


def test_key_for_finds_no_key_across_a_rotation() -> None:
    facts = build_facts(MeterKey(METER, 1, bytes(32), 100))
    first, second = facts.key_for(METER, 0, 100), facts.key_for(METER, 100, 101)
    assert first is not None
    assert second is not None
    assert (first.key_index, second.key_index) == (0, 1)
    assert facts.key_for(METER, 99, 101) is None
    assert facts.key_for(METER + 1, 0, 1) is None


def test_resolved_rates_follow_the_index_of_the_class() -> None:
    indexed = Resource(MODEL, "h100", 3, 2, "h100", WIDE, active=True, from_ms=0)
    facts = build_facts(indexed, PriceIndex("h100", 1, 2_000_000, NOW_MS))
    before, after = facts.resolved_at(MODEL, NOW_MS - 1), facts.resolved_at(MODEL, NOW_MS)
    assert before is not None
    assert after is not None
    assert after.w_in == 2 * before.w_in
    assert facts.resolved_at(MODEL + 1, NOW_MS) is None


def test_facts_at_the_same_time_replace_each_other() -> None:
    facts = build_facts(RULES.__class__(2, 0b10, 0xF, 1, 1, 0))
    assert facts.rules_at(NOW_MS).version == 2
