"""Each call is recorded once, under whom rules say, or held until its model is known."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from tests.unit.meter.opened import recording

from tallystick.core.errors import InvalidInput
from tallystick.core.usage import Flag, Records
from tallystick.meter.details import DetailStore
from tallystick.meter.held import HeldEvents
from tallystick.meter.meter import Meter
from tallystick.meter.parse.reading import Reading
from tallystick.meter.passive.access_log import AccessLog
from tallystick.meter.passive.attribution import Attribution, ProjectRule
from tallystick.meter.passive.book import PassiveBook
from tallystick.meter.passive.exchange import Observation
from tallystick.meter.passive.line_map import LineMap
from tallystick.meter.passive.tally import Tally
from tallystick.meter.recorder import Recorder

NOW_MS = 1_795_305_600_000
RULES = (
    ProjectRule("client", "10.0.7.*", "acme/lab"),
    ProjectRule("x-team", "blue", "acme/blue"),
)


@dataclass(frozen=True)
class Priced:
    id: int
    basis: str = "tokens"
    max_context: int = 1_000


@dataclass
class Directory:
    projects: dict[str, int] = field(
        default_factory=lambda: {"acme/app": 3, "acme/lab": 4, "acme/blue": 5}
    )
    resources: dict[str, Priced] = field(
        default_factory=lambda: {"m": Priced(9), "m@flex": Priced(10), "gpu": Priced(11, "gpu")}
    )

    def project(self, path: str) -> int:
        if path not in self.projects:
            raise InvalidInput("no such project", actual=path)
        return self.projects[path]

    def organisation_of(self, account: int) -> str:
        return "acme" if account in self.projects.values() else ""

    def resource(self, slug: str) -> Priced | None:
        return self.resources.get(slug)


class Names:
    def give(self, organisation: str, name: str, time_ms: int) -> int:
        return {("acme", "ada", NOW_MS): 77, ("acme", "bob", NOW_MS): 78}[
            organisation, name, time_ms
        ]


@dataclass(frozen=True)
class Kept:
    book: PassiveBook
    directory: Directory
    meter: Meter
    recorder: Recorder
    held: HeldEvents
    details: DetailStore

    def read(self) -> Records:
        self.recorder.close()
        journal = self.meter.journal
        return journal.read(0, journal.next_seq)


@pytest.fixture
def kept(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Kept]:
    attribution = getattr(request, "param", Attribution("acme/app", RULES))
    details, held = DetailStore(tmp_path / "details"), HeldEvents(tmp_path / "held")
    directory = Directory()
    with recording(tmp_path, details=details) as (meter, recorder):
        book = PassiveBook(directory, recorder, held, Names(), attribution, Tally())
        yield Kept(book, directory, meter, recorder, held, details)
    details.close()
    held.close()


def see(name: str = "1", model: str = "m", **fields: object) -> Observation:
    reading = Reading(
        in_fresh=10, out_visible=4, flags=Flag.PASSIVE, tier=str(fields.pop("tier", ""))
    )
    return Observation("test", name, NOW_MS, (model,), reading, **({"labels": {}} | fields))  # type: ignore[arg-type]


def test_call_is_recorded_once_however_often_it_is_seen(kept: Kept) -> None:
    kept.book.enter([see("1"), see("2")])
    kept.book.enter([see("2"), see("1")])
    records = kept.read()
    assert records["in_fresh"].tolist() == [10, 10]
    assert records["flags"].tolist() == [int(Flag.PASSIVE)] * 2
    assert (kept.book.tally["recorded"], kept.book.tally["repeated"]) == (2, 2)
    assert kept.details.get(0).source == "passive"  # type: ignore[union-attr]


def test_call_of_an_unknown_model_waits_until_there_is_one(kept: Kept) -> None:
    kept.book.enter([see("1", "new"), see("1", "new")])
    assert (kept.book.tally["held"], kept.book.tally["repeated"]) == (1, 1)
    assert kept.book.release() == 0
    kept.directory.resources["new"] = Priced(12)
    kept.book.enter([see("1", "new")])  # seen again before it was released
    kept.book.release()
    assert kept.read()["resource"].tolist() == [12]


def test_rules_choose_the_project(kept: Kept) -> None:
    kept.book.enter(
        [
            see("1", labels={"client": "10.0.7.33"}),
            see("2", labels={"x-team": "blue"}),
            see("3", labels={"x-team": "bluest"}),
        ]
    )
    assert kept.read()["project"].tolist() == [4, 5, 3]


def test_price_tier_has_a_resource_of_its_own_where_there_is_one(kept: Kept) -> None:
    kept.book.enter([see("1", tier="flex"), see("2", tier="priority")])
    assert kept.read()["resource"].tolist() == [10, 9]


def test_estimate_stays_within_what_the_model_can_read(kept: Kept) -> None:
    guess = Reading(in_fresh=5_000_000, out_visible=4, flags=Flag.PASSIVE | Flag.ESTIMATED)
    kept.book.enter(
        [
            replace(see("1"), reading=guess),
            replace(see("2"), reading=replace(guess, flags=Flag.PASSIVE)),
        ]
    )
    assert kept.read()["in_fresh"].tolist() == [996, 5_000_000]


def test_broken_clocks_and_counts_hold_up_no_other_call(kept: Kept) -> None:
    absurd = Reading(in_fresh=2**53, flags=Flag.PASSIVE)
    times = [-1, 2**48, 2**60]
    kept.book.enter(
        [
            *(replace(see(f"time {time}"), time_ms=time) for time in times),
            replace(see("count"), reading=absurd),
            see("fine"),
        ]
    )
    assert kept.book.tally["malformed"] == 4
    assert kept.read()["in_fresh"].tolist() == [10]


def test_call_that_cannot_be_billed_is_counted(kept: Kept) -> None:
    del kept.directory.projects["acme/lab"]
    kept.book.enter([see("1", labels={"client": "10.0.7.1"}), see("2", "gpu")])
    assert kept.book.tally["unbillable"] == 2
    assert len(kept.read()) == 0


@pytest.mark.parametrize(
    ("kept", "user"),
    [
        (Attribution("acme/app"), 0),
        (Attribution("acme/app", records_users=True), 77),
        (Attribution("acme/app", records_users=True, user_label="x-user"), 78),
        (Attribution("acme/app", records_users=True, user_label="x-other"), 0),
    ],
    indirect=["kept"],
)
def test_people_are_recorded_only_where_that_is_wanted(kept: Kept, user: int) -> None:
    kept.book.enter([see(user="ada", labels={"x-user": "bob"})])
    assert kept.read()["user"].tolist() == [user]


@pytest.mark.parametrize(
    "kept", [Attribution("acme/app", resource_by_model={"llama:70b": "m"})], indirect=True
)
def test_models_are_recorded_as_what_they_are_registered(kept: Kept) -> None:
    kept.book.enter([see(model="llama:70b")])
    assert kept.read()["resource"].tolist() == [9]


def test_log_is_recorded_once_over_restarts_and_lost_positions(kept: Kept, tmp_path: Path) -> None:
    log, position = tmp_path / "calls.log", tmp_path / "position.json"
    line_map = LineMap({"time": "t", "in_total": "i"}, "m")
    line = '{"t": 1795305600, "i": 5}\n'
    log.write_text(line * 2 + "broken\n")
    for _ in range(2):
        reader = AccessLog(log, line_map, "log", position, kept.book)
        reader.read()
        reader.close()
    position.unlink()
    with log.open("a") as file:
        file.write(line)
    reader = AccessLog(log, line_map, "log", position, kept.book)
    assert reader.read() == 4
    reader.close()
    assert kept.read()["in_fresh"].tolist() == [5, 5, 5]
    assert kept.book.tally["malformed"] == 2
