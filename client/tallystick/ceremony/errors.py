"""What can go wrong between the members of a network before it runs, and when it changes."""

from __future__ import annotations

from tallystick.core.errors import InvalidInput


class CardInvalid(InvalidInput):
    """A member's card is malformed, or a key that it names did not sign it."""

    code = "card_invalid"


class CardsDisagree(InvalidInput):
    """Cards that cannot be of one network: a name, a key or an address appears twice."""

    code = "cards_disagree"


class MembersTooFew(InvalidInput):
    """A network would have fewer validators than its configuration asks for."""

    code = "members_too_few"


class MemberExists(InvalidInput):
    """The folder holds another member, or this one at another address."""

    code = "member_exists"


class MemberMissing(InvalidInput):
    """The folder holds no keys of this member."""

    code = "member_missing"


class FoundingUnfinished(InvalidInput):
    """A founding was begun in the folder and broke off, or was begun with other members."""

    code = "founding_unfinished"


class NetworkExists(InvalidInput):
    """The folder holds another network."""

    code = "network_exists"


class ChainMismatch(InvalidInput):
    """The chain at the address is not the one that the configuration describes."""

    code = "chain_mismatch"


class SeatUnknown(InvalidInput):
    """No card says which seat belongs to a validator."""

    code = "seat_unknown"


class ChangeInvalid(InvalidInput):
    """The set of validators cannot be changed like this."""

    code = "change_invalid"
