"""Every provider's answers are read as they were meant, however they are cut into reads."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.meter.parse.vectors import Vector, as_dict, load_vectors

from tallystick.meter.parse.dialects import AnswerReader

VECTORS = load_vectors()
IDS = [vector.name for vector in VECTORS]


def feed(reader: AnswerReader, pieces: list[bytes]) -> bytes:
    return b"".join(reader.feed(piece) for piece in pieces) + reader.flush()


def check(vector: Vector, pieces: list[bytes]) -> None:
    reader = vector.create_reader()
    passed = feed(reader, pieces)
    reading = reader.finish()
    assert as_dict(reading) == vector.expect["reading"]
    assert reader.problem == vector.expect.get("problem", "")
    assert reader.is_complete == vector.expect["is_complete"]
    assert passed == vector.passed()
    if reading is not None:
        assert json.loads(reading.raw)


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_answer_is_read_when_it_comes_whole(vector: Vector) -> None:
    check(vector, [vector.body])


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_answer_is_read_when_it_comes_byte_by_byte(vector: Vector) -> None:
    check(vector, [bytes([byte]) for byte in vector.body])


@given(st.data())
def test_answer_is_read_when_it_comes_in_arbitrary_pieces(data: st.DataObject) -> None:
    vector = data.draw(st.sampled_from(VECTORS))
    cuts = data.draw(st.sets(st.integers(0, len(vector.body)), max_size=12))
    edges = [0, *sorted(cuts), len(vector.body)]
    check(vector, [vector.body[a:b] for a, b in pairwise(edges)])


UNTOUCHED = [vector for vector in VECTORS if not vector.read_request().hides_usage]


@pytest.mark.parametrize("vector", UNTOUCHED, ids=lambda vector: vector.name)
def test_bytes_are_passed_on_as_the_same_object(vector: Vector) -> None:
    assert vector.create_reader().feed(vector.body) is vector.body


@pytest.mark.parametrize("vector", VECTORS, ids=IDS)
def test_counts_are_disjoint(vector: Vector) -> None:
    """The counts add up to the sides' totals as the provider reports them, or it is flagged."""
    reader = vector.create_reader()
    reader.feed(vector.body)
    reading = reader.finish()
    if reading is None:
        return
    usage = json.loads(reading.raw)
    total = usage.get("total_tokens", usage.get("totalTokenCount"))
    flags = vector.expect["reading"]["flags"]
    if total is not None and not {"USAGE_MISMATCH", "ESTIMATED"} & set(flags):
        assert reading.in_total + reading.out_total == total
