"""What can go wrong between a measurement and its settlement. Leaves of the core's tree."""

from __future__ import annotations

from tallystick.core.errors import FatalFailure, InvalidInput, TemporaryFailure


class FolderLocked(TemporaryFailure):
    """Another process has this journal or spool open."""

    code = "folder_locked"


class JournalFull(TemporaryFailure):
    """The journal has reached its bound: nothing is accepted until older records have settled."""

    code = "journal_full"
    http_status = 507


class SpoolFull(TemporaryFailure):
    """The spool has reached its bound: no frame is signed until older ones have settled."""

    code = "spool_full"
    http_status = 507


class DrainTimedOut(TemporaryFailure):
    """Not everything settled in the time given. Nothing is lost: it goes on at the next run."""

    code = "drain_timed_out"


class StorageFailed(FatalFailure):
    """The disk refused a write or a sync; nothing more is acknowledged until a restart."""

    code = "storage_failed"


class SegmentCorrupt(FatalFailure):
    """Acknowledged bytes on disk are not what was written."""

    code = "segment_corrupt"


class JournalLost(FatalFailure):
    """Records that were sent or settled are not in this journal: register a new meter."""

    code = "journal_lost"


class KeyReplaced(FatalFailure):
    """The chain takes frames of this meter only under a key that its folder lacks."""

    code = "key_replaced"


class FrameRefused(FatalFailure):
    """More validators than may be faulty refused a frame; it stays in the spool."""

    code = "frame_refused"


class MeterUnknown(InvalidInput):
    """The folder holds no meter, or one that was never registered."""

    code = "meter_unknown"
    http_status = 404


class RecordInvalid(InvalidInput):
    """A quantity, time or id is outside what a record holds."""

    code = "record_invalid"


class CallLogFull(TemporaryFailure):
    """The log of calls has reached its bound: no call is begun until records have settled."""

    code = "call_log_full"
    http_status = 507


class CallLogLost(FatalFailure):
    """The log of calls is damaged, or disagrees with the journal on what was recorded."""

    code = "call_log_lost"


class CallOpen(InvalidInput):
    """A call of this id is open already."""

    code = "call_open"
    http_status = 409


class CallUnknown(InvalidInput):
    """No call of this id is open: it was never begun, or is finished."""

    code = "call_unknown"
    http_status = 404


class HeldFull(TemporaryFailure):
    """Too many events wait for resources that nobody has registered."""

    code = "held_full"
    http_status = 507


class TableBusy(TemporaryFailure):
    """Another process holds a file of details or held events for too long; nothing was changed."""

    code = "table_busy"
