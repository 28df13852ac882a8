"""Settlement, keys, corrections and freezes: their errors in words."""

from __future__ import annotations

from typing import Final

from tallystick.chain.errors import AlreadyExists, NotAuthorised, NotFound, ValueRefused
from tallystick.chain.meanings.meaning import Meaning, Meanings

MEANINGS: Final[Meanings] = {
    # Settlement
    "MalformedBatch": Meaning(ValueRefused, "the batch breaks its layout at word {place}"),
    "BatchTooLarge": Meaning(
        ValueRefused, "the batch is too large", actual="{segments} segments, {records} records"
    ),
    "TooManyProjects": Meaning(
        ValueRefused, "segment {segment} bills too many projects", "at most {limit}"
    ),
    "TooManyLines": Meaning(
        ValueRefused, "segment {segment} makes the batch bill too many lines", "at most {limit}"
    ),
    "QuorumNotReached": Meaning(ValueRefused, "too few validators attested the batch"),
    "SignatureInvalid": Meaning(ValueRefused, "an attestation of the batch is wrong"),
    "SenderAllowanceExhausted": Meaning(
        ValueRefused,
        "{sender} sent too many batches in which nothing settled",
        "the next one after {readyAtS}",
    ),
    # Keys, corrections and freezes
    "NotOpen": Meaning(NotFound, "meter {meter} was never opened"),
    "KeysExhausted": Meaning(ValueRefused, "meter {meter} has had as many keys as there can be"),
    "NotSettled": Meaning(
        ValueRefused,
        "the record has not settled yet",
        "a number below {nextSeq} of meter {meter}",
        "{seq}",
    ),
    "AlreadyReleased": Meaning(
        AlreadyExists, "record {seq} of meter {meter} was released already; it can be only once"
    ),
    "AlreadyCredited": Meaning(
        AlreadyExists, "record {seq} of meter {meter} was credited already; it can be only once"
    ),
    "OrganisationsDiffer": Meaning(
        ValueRefused, "meter {meter} is of another organisation than project {project}"
    ),
    "OwnerNotAuthorised": Meaning(
        NotAuthorised, "no controller of account {account} signed the credit", actual="{signer}"
    ),
    "RegistrarNotAuthorised": Meaning(
        NotAuthorised,
        "no registrar of project {project}'s organisation signed the credit",
        actual="{signer}",
    ),
    "ProofUsed": Meaning(
        AlreadyExists, "meter {meter} was frozen by this proof already", actual="{proofHash}"
    ),
}
