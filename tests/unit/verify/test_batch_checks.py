"""What one batch is held to, broken one rule at a time."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.builders import NETWORK_ID, NOW_MS
from tests.unit.verify.cases import HASHES, HEADER, IDENTITY, SET, build_case, build_facts

from tallystick.core.batches import BatchHeader
from tallystick.core.facts import Rules
from tallystick.core.usage import COST_MASK
from tallystick.verify.batch_checks import (
    Case,
    Identity,
    check_attestations,
    check_frames,
    check_in_force,
    check_reference_block,
    check_totals,
    check_verdicts,
    compute_costs_ucr,
    decode_settlement,
    describe_cost_word,
    sum_exactly,
)
from tallystick.verify.verdict import Check, Disagreement


def change_settlement(case: Case, **fields: object) -> Case:
    return replace(case, settlement=replace(case.settlement, **fields))  # type: ignore[arg-type]


def test_honest_batch_passes_every_check() -> None:
    case = build_case()
    assert not isinstance(decode_settlement(case.settlement), Disagreement)
    assert check_in_force(case) is None
    assert check_attestations(case, IDENTITY) is None
    assert check_reference_block(case, HASHES) is None
    assert check_frames(case, NETWORK_ID) is None
    disagreement, words = check_verdicts(case)
    assert disagreement is None
    assert check_totals(case, words) is None


def test_batch_refused_when_its_bytes_are_none() -> None:
    case = change_settlement(build_case(), data=build_case().settlement.data[:-32])
    found = decode_settlement(case.settlement)
    assert isinstance(found, Disagreement)
    assert (found.check, found.batch) == (Check.BATCH_FORMAT, 5)


@pytest.mark.parametrize(
    ("header", "what"),
    [
        (replace(HEADER, valid_until_ms=NOW_MS - 1_000), "block time past valid_until_ms"),
        (replace(HEADER, set_version=2), "version of the validator set"),
        (replace(HEADER, rules_version=2), "version of the rules"),
    ],
)
def test_batch_refused_when_not_in_force(header: BatchHeader, what: str) -> None:
    found = check_in_force(build_case(header))
    assert found is not None
    assert (found.check, found.what) == (Check.IN_FORCE, what)


def test_batch_in_force_under_either_set_when_it_changed_in_the_same_block() -> None:
    changed = build_facts(
        replace(SET, version=4, from_ms=NOW_MS), Rules(2, 0b10, 0xFF, 10**9, 10**5, NOW_MS)
    )
    case = replace(build_case(), at_settlement=(build_facts(), changed))
    assert check_in_force(case) is None
    assert check_attestations(case, IDENTITY) is None
    assert check_in_force(replace(case, at_settlement=(changed, changed))) is not None


@pytest.mark.parametrize("signers", [(0, 1), (), (0, 1, 2, 3)])
def test_attestations_need_a_quorum_and_may_be_more(signers: tuple[int, ...]) -> None:
    found = check_attestations(build_case(signers=signers), IDENTITY)
    assert (found is None) == (len(signers) >= 3)


@pytest.mark.parametrize("bitmap", [0b1110, 0b10011, 0b1111, 0b111 << 200])
def test_attestations_refused_when_the_bitmap_names_others(bitmap: int) -> None:
    found = check_attestations(change_settlement(build_case(), signer_bitmap=bitmap), IDENTITY)
    assert found is not None
    assert found.check is Check.ATTESTATIONS


@pytest.mark.parametrize(
    "identity",
    [replace(IDENTITY, chain_id=8), replace(IDENTITY, ledger=bytes(20))],
)
def test_attestations_refused_when_made_for_another_ledger(identity: Identity) -> None:
    assert check_attestations(build_case(), identity) is not None


@pytest.mark.parametrize(
    ("reference", "hashes"),
    [(10, {10: "0x" + "0a" * 32}), (10, {}), (12, {12: "0x" + "09" * 32})],
)
def test_reference_block_refused_when_not_an_earlier_one_of_this_chain(
    reference: int, hashes: dict[int, str]
) -> None:
    found = check_reference_block(build_case(replace(HEADER, reference_block=reference)), hashes)
    assert found is not None
    assert found.check is Check.REFERENCE_BLOCK


def test_frame_refused_when_signed_for_another_network() -> None:
    found = check_frames(build_case(), bytes(32))
    assert found is not None
    assert (found.segment, found.what.split(":")[0]) == (0, "bad_signature")


def test_verdict_found_by_segment_and_record() -> None:
    found, words = check_verdicts(build_case(surcharge_ucr=1))
    assert found is not None
    assert (found.segment, found.record) == (1, 3)
    assert found.expected == f"{words[3]} ucr"
    assert found.what.endswith("sequence number 3")


@pytest.mark.parametrize("field", ["records", "quarantined", "cost_ucr"])
def test_totals_refused_when_one_differs(field: str) -> None:
    case = build_case()
    _, words = check_verdicts(case)
    wrong = change_settlement(case, **{field: getattr(case.settlement, field) + 1})
    assert check_totals(wrong, words) is not None


@given(st.lists(st.integers(0, COST_MASK), max_size=50))
def test_costs_summed_exactly(costs: list[int]) -> None:
    assert sum_exactly(np.array(costs, dtype=np.uint64)) == sum(costs)


def test_costs_of_quarantined_words_are_nothing() -> None:
    words = np.array([5, (3 << 56) | 7, COST_MASK], dtype=np.uint64)
    assert compute_costs_ucr(words).tolist() == [5, 0, COST_MASK]


@pytest.mark.parametrize(
    ("word", "words"),
    [(12, "12 ucr"), (3 << 56, "quarantined, project_unknown"), (200 << 56, "reason 200")],
)
def test_cost_word_described(word: int, words: str) -> None:
    assert describe_cost_word(word) == words
