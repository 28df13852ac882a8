"""A small network for events: three accounts, three resources, one key."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.unit.meter.opened import NOW_MS, recording

from tallystick.core.errors import InvalidInput
from tallystick.core.usage import Records
from tallystick.meter.details import DetailStore
from tallystick.meter.events.book import EventBook, FindSlug
from tallystick.meter.held import HeldEvents
from tallystick.meter.meter import Meter
from tallystick.meter.recorder import Recorder

ORGANISATION, TEAM, APP, STRANGER = 1, 2, 3, 4
PATHS = {ORGANISATION: "acme", TEAM: "acme/ml", APP: "acme/ml/app", STRANGER: "acme/hr"}


@dataclass
class Priced:
    """A resource."""

    id: int
    slug: str
    basis: str = "tokens"


@dataclass
class Directory:
    """Accounts and resources by name; more resources can be added."""

    resources: dict[str, Priced] = field(
        default_factory=lambda: {
            "gpt-4o": Priced(11, "gpt-4o"),
            "gpt-4o@flex": Priced(12, "gpt-4o@flex"),
            "h100": Priced(21, "h100", "gpu"),
        }
    )

    def project(self, path: str) -> int:
        for account, known in PATHS.items():
            if known == path and account != ORGANISATION:
                return account
        raise InvalidInput("no such project", actual=path)

    def is_below(self, account: int, ancestor: int) -> bool:
        return f"{PATHS[account]}/".startswith(f"{PATHS[ancestor]}/")

    def path_of(self, account: int) -> str:
        return PATHS[account]

    def resource(self, slug: str) -> Priced | None:
        return self.resources.get(slug)

    def nearest(self, slug: str) -> Sequence[str]:
        return [known for known in self.resources if known[:1] == slug[:1]]


@dataclass(frozen=True)
class Key:
    """What a gateway's key is to events."""

    name: str = "events"
    project: int = TEAM
    organisation: str = "acme"
    models: frozenset[str] | None = None
    user: str | None = None
    records_users: bool = False
    is_experiment: bool = False
    step: int = 0


class People:
    """Pseudonyms that tests can tell: the length of the name."""

    def give(self, organisation: str, name: str, time_ms: int) -> int:
        assert organisation
        assert time_ms
        return len(name)


@dataclass
class Setup:
    """A book and what it writes to."""

    book: EventBook
    directory: Directory
    meter: Meter
    recorder: Recorder
    held: HeldEvents
    details: DetailStore
    charged: list[Records]

    def read_records(self) -> Records:
        """What lies in the journal, once the recorder has been closed."""
        return self.meter.journal.read(0, self.meter.journal.next_seq)


@contextmanager
def open_setup(
    folder: Path, *, find_slug: FindSlug | None = None, max_held: int = 100
) -> Iterator[Setup]:
    """A book over a meter in a folder; what it recorded can be read until the end."""
    details = DetailStore(folder / "details")
    held = HeldEvents(folder / "held", max_events=max_held)
    directory, charged = Directory(), list[Records]()
    with recording(folder, details=details) as (meter, recorder):
        book = EventBook(
            directory,
            recorder,
            held,
            People(),
            lambda: NOW_MS,
            find_slug,
            on_recorded=charged.append,
        )
        yield Setup(book, directory, meter, recorder, held, details, charged)
    held.close()
    details.close()
