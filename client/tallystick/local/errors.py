"""What can go wrong with a network on this machine."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.core.errors import FatalFailure, InvalidInput, TemporaryFailure


class NotRunning(TemporaryFailure):
    """The folder holds no network, or one whose processes are down."""

    code = "not_running"
    exit_code = 3

    def __init__(self, folder: str, *, why: str = "no network runs here") -> None:
        super().__init__(why, expected="`tallystick up` first", actual=folder)
        self.folder = folder


class AlreadyRunning(InvalidInput):
    """`up` on a network that is up."""

    code = "already_running"

    def __init__(self, folder: str, urls: Sequence[str]) -> None:
        super().__init__(
            f"the network in {folder} is already running",
            expected="a stopped network, or a folder without one",
            actual=" ".join(urls),
        )
        self.urls = tuple(urls)


class NetworkBusy(TemporaryFailure):
    """Another command starts or stops the same network."""

    code = "network_busy"


class PortInUse(InvalidInput):
    """A port that was asked for belongs to another program."""

    code = "port_in_use"

    def __init__(self, port: int, purpose: str) -> None:
        super().__init__(
            f"port {port} is in use", expected=f"a free port for {purpose}", actual=port
        )
        self.port = port


class ProgramMissing(InvalidInput):
    """A program that a local network needs is not installed."""

    code = "program_missing"


class StartFailed(FatalFailure):
    """A process ended or stayed silent while the network was starting."""

    code = "start_failed"


class EngineUnknown(InvalidInput):
    """No chain of this engine can be run on this machine."""

    code = "engine_unknown"


class ChainElsewhere(InvalidInput):
    """The folder is a member's: others run the chain and the other validators."""

    code = "chain_elsewhere"


class FolderMalformed(InvalidInput):
    """A file in the network's folder cannot be read."""

    code = "folder_malformed"


class ChainLogBroken(FatalFailure):
    """Replaying the chain's log gave another block than it says."""

    code = "chain_log_broken"


class ClockNotMoved(InvalidInput):
    """The network's clock cannot be moved like this."""

    code = "clock_not_moved"


class ClockMalformed(FatalFailure):
    """The file with the network's offset from the wall clock holds something else."""

    code = "clock_malformed"


class PeopleFull(TemporaryFailure):
    """The table of pseudonyms holds as many people of an organisation as it may."""

    code = "people_full"
    http_status = 507
