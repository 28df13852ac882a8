"""What a validator refuses or fails with, beyond the core's own errors.

TallystickError
├── InvalidInput
│   ├── SettingsInvalid         a setting is wrong or unsafe
│   ├── TokenMissing            401: no bearer token, or a wrong one
│   ├── HostRefused             403: a loopback node asked under a foreign name
│   ├── ParameterInvalid        400
│   ├── BodyTooLarge            413
│   ├── BodyTooSlow             408
│   ├── SequenceConflict        409: equivocation
│   ├── SequenceGap             409: too far beyond what is known
│   ├── FrameOverlaps           409: the range was framed differently before
│   ├── PeerUnknown             401: no such validator, or not signed by it
│   ├── PeerReplayed            401: a request too old, or seen before
│   ├── BatchUntimely           409: batch time or validity out of bounds
│   ├── VersionsDiffer          409: another validator set or rules version is in force
│   ├── VerdictDiffers          409: a cost word is not what the facts say
│   ├── RecordUnknown           404: no such record has settled
│   └── SignerRefused           403: a credit is not signed by those whom it concerns
└── TemporaryFailure
    ├── RateLimited             429
    ├── MeterPaused             429: too much of its use was quarantined
    ├── ChainBehind             503
    ├── QueueFull               503
    ├── StorageFull             507
    ├── ReferenceUnknown        503: a reference block that this node does not have (yet)
    ├── NotAttesting            503: this node's key is in no validator set in force
    ├── QuorumMissed            too few attestations in time
    ├── RecordNotIndexed        503: a settled record that the index does not show yet
    └── ActLost                 503: a correction or lease was sent, its outcome is not known
"""

from __future__ import annotations

from tallystick.core.errors import InvalidInput, TemporaryFailure


class SettingsInvalid(InvalidInput):
    """A setting is missing, wrong or unsafe."""

    code = "settings_invalid"


class TokenMissing(InvalidInput):
    """The request carries no bearer token, or a wrong one."""

    code = "token_missing"
    http_status = 401


class HostRefused(InvalidInput):
    """A node without a token was asked under a name that is not this machine's."""

    code = "host_refused"
    http_status = 403


class ParameterInvalid(InvalidInput):
    """A parameter of a request is not of its kind."""

    code = "parameter_invalid"


class BodyTooLarge(InvalidInput):
    """A request body is larger than its route takes."""

    code = "body_too_large"
    http_status = 413


class BodyTooSlow(InvalidInput):
    """A request body did not arrive in time."""

    code = "body_too_slow"
    http_status = 408


class SequenceConflict(InvalidInput):
    """Two frames pass every check under one key and differ at a sequence number."""

    code = "sequence_conflict"
    http_status = 409


class SequenceGap(InvalidInput):
    """A frame starts too far beyond what is known of its meter."""

    code = "sequence_gap"
    http_status = 409


class FrameOverlaps(InvalidInput):
    """A frame covers sequence numbers that were framed otherwise before; it could never settle."""

    code = "frame_overlaps"
    http_status = 409


class PeerUnknown(InvalidInput):
    """A request between validators is not signed by a validator in force."""

    code = "peer_unknown"
    http_status = 401


class PeerReplayed(InvalidInput):
    """A request between validators is too old, or its nonce was seen before."""

    code = "peer_replayed"
    http_status = 401


class BatchUntimely(InvalidInput):
    """A batch's time or validity is out of bounds by this node's clock."""

    code = "batch_untimely"
    http_status = 409


class VersionsDiffer(InvalidInput):
    """A batch names another validator set or rules version than those in force."""

    code = "versions_differ"
    http_status = 409


class VerdictDiffers(InvalidInput):
    """A batch's cost words are not what this node computes from the facts."""

    code = "verdict_differs"
    http_status = 409


class RecordUnknown(InvalidInput):
    """A meter has settled no record under a number."""

    code = "record_unknown"
    http_status = 404


class SignerRefused(InvalidInput):
    """A credit is not signed by its meter's owner, or not by the organisation's registrar."""

    code = "signer_refused"
    http_status = 403


class RateLimited(TemporaryFailure):
    """A meter or a peer sends more than its share; `retry_after_s` says when to try again."""

    code = "rate_limited"
    http_status = 429

    def __init__(self, message: str, *, retry_after_s: int, expected: str | int | None) -> None:
        super().__init__(message, expected=expected)
        self.retry_after_s = retry_after_s


class MeterPaused(TemporaryFailure):
    """Too much of what a meter reported within the hour was quarantined."""

    code = "meter_paused"
    http_status = 429


class ChainBehind(TemporaryFailure):
    """This node does not follow the chain at present, so it cannot judge frames."""

    code = "chain_behind"


class Draining(TemporaryFailure):
    """This node is stopping: it ends what it took and takes no more."""

    code = "draining"
    retry_after_s = 5


class QueueFull(TemporaryFailure):
    """Too much waits for settlement already."""

    code = "queue_full"


class StorageFull(TemporaryFailure):
    """What was sent could not be stored, and is not acknowledged."""

    code = "storage_full"
    http_status = 507


class ReferenceUnknown(TemporaryFailure):
    """A batch's reference block is not on this node's chain, or not yet."""

    code = "reference_unknown"


class NotAttesting(TemporaryFailure):
    """This node's keys are in no validator set in force."""

    code = "not_attesting"


class QuorumMissed(TemporaryFailure):
    """Too few validators attested a batch in time."""

    code = "quorum_missed"


class RecordNotIndexed(TemporaryFailure):
    """A record has settled, and this node's index does not show it yet."""

    code = "record_not_indexed"


class ActLost(TemporaryFailure):
    """A correction or lease was sent, and failed or is not known yet; asking again is harmless."""

    code = "act_lost"
