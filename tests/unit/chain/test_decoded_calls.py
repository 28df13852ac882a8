"""Calldata read back as the call that it is."""

from dataclasses import astuple

import pytest

from tallystick.chain.bindings.tariff import Tariff
from tallystick.chain.bindings.validators import Validators
from tallystick.chain.decoded_calls import decode_call
from tallystick.chain.errors import AnswerMalformed
from tallystick.core.facts import Validator
from tallystick.core.tariff import Rates

PLACE = "0x" + "11" * 20


def test_call_has_its_arguments_by_name() -> None:
    write = Tariff(PLACE).set_rates({7: Rates(w_in=5)}, from_ms=9)
    call = decode_call("Tariff", write.data)
    assert call is not None
    assert (call.contract, call.function) == ("Tariff", "setRates")
    assert call.args["resources"] == (7,)
    assert call.args["rates"][0]["wIn"] == 5
    assert tuple(call.args["rates"][0].values()) == astuple(Rates(w_in=5))
    assert call.args["fromMs"] == 9


def test_structs_with_texts_are_read_in_lists() -> None:
    member = Validator("0x" + "aa" * 20, "0x" + "bb" * 20, b"\1" * 32, "v", "http://v")
    call = decode_call("ValidatorSet", Validators(PLACE).set_validators([member]).data)
    assert call is not None
    assert call.args["validators"] == (
        {
            "attester": member.attester,
            "sender": member.sender,
            "transportKey": member.transport_key,
            "name": "v",
            "url": "http://v",
        },
    )


def test_call_is_unknown_when_the_contract_has_no_such_function() -> None:
    assert decode_call("Tariff", b"\0\0\0\0") is None


def test_arguments_are_refused_when_they_are_cut_off() -> None:
    write = Tariff(PLACE).set_rates({7: Rates()})
    with pytest.raises(AnswerMalformed):
        decode_call("Tariff", write.data[:-32])
