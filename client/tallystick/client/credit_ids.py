"""Kinds of credits by the words that people use: general, exploration, plan:PATH, provider:NAME."""

from __future__ import annotations

from typing import Final

from tallystick.chain.bindings.credits import EXPLORATION, GENERAL, PLAN, PROVIDER
from tallystick.chain.bindings.provider_desk import ProviderDesk, compute_provider_credit_id
from tallystick.client.accounts import load_tree
from tallystick.client.errors import NameUnknown
from tallystick.client.wire import Wire

GENERAL_WORD: Final = "general"
EXPLORATION_WORD: Final = "exploration"
PLAN_PREFIX: Final = "plan:"
PROVIDER_PREFIX: Final = "provider:"
_CLASS_BITS: Final = 32


class ProviderUnknown(NameUnknown):
    """No provider has this name."""

    code = "provider_unknown"


class CreditUnknown(NameUnknown):
    """There are no credits of this kind."""

    code = "credit_unknown"


def parse_credit_id(wire: Wire, word: str) -> int:
    """The id of a kind of credits.

    Raises:
        CreditUnknown: no such kind.
        ProviderUnknown, AccountUnknown: no such provider or project.
    """
    if word == GENERAL_WORD:
        return GENERAL
    if word == EXPLORATION_WORD:
        return EXPLORATION
    if word.startswith(PROVIDER_PREFIX):
        return compute_provider_credit_id(find_provider(wire, word.removeprefix(PROVIDER_PREFIX)))
    if word.startswith(PLAN_PREFIX):
        return PLAN | load_tree(wire).require(word.removeprefix(PLAN_PREFIX))
    raise CreditUnknown("kind of credits", word, [GENERAL_WORD, *list_provider_words(wire)])


def name_credit_id(wire: Wire, credit_id: int) -> str:
    """The word for a kind of credits."""
    if credit_id in (GENERAL, EXPLORATION):
        return GENERAL_WORD if credit_id == GENERAL else EXPLORATION_WORD
    number = credit_id % (1 << _CLASS_BITS)
    if credit_id - number == PROVIDER:
        return f"{PROVIDER_PREFIX}{wire.read(_desk(wire).provider_of(number)).name}"
    return f"{PLAN_PREFIX}{load_tree(wire).path(number)}"


def find_provider(wire: Wire, name: str) -> int:
    """A provider's id.

    Raises:
        ProviderUnknown: there is none of this name.
    """
    found = wire.read(_desk(wire).provider_by_name(name))
    if not found:
        known = [word.removeprefix(PROVIDER_PREFIX) for word in list_provider_words(wire)]
        raise ProviderUnknown("provider", name, known)
    return found


def list_provider_words(wire: Wire) -> list[str]:
    """The words for the credits of every provider."""
    count = wire.read(_desk(wire).provider_count())
    found = wire.read_all([_desk(wire).provider_of(number) for number in range(1, count + 1)])
    return [f"{PROVIDER_PREFIX}{provider.name}" for provider in found]


def _desk(wire: Wire) -> ProviderDesk:
    return ProviderDesk(wire.address("ProviderDesk"))
