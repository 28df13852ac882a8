"""`tallystick collect` on a real network: pages over HTTP, and devices of a fake library."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from tests.integration.cli.program import Program
from tests.integration.gateway.running import wait_until
from tests.integration.gpu.pages import Pages
from tests.unit.meter.gpu.fake_nvml import Accounted, Card, FakeNvml, Process, Sampled
from tests.unit.meter.gpu.pages import read_page, set_value

from tallystick.core.usage import Flag
from tallystick.meter.gpu.processes import list_tree
from tallystick.sidecar.collect import collector, job

pytestmark = [pytest.mark.integration, pytest.mark.slow]

MODEL = "meta-llama/Llama-3.1-70B-Instruct"
GIB = 1 << 30
FAST = ("--sample", "200ms", "--record", "1s")


def list_records(program: Program, resource: str) -> list[dict[str, Any]]:
    rows = program.ask("records", "--limit", "1000")
    return [row for row in reversed(rows) if row["resource"] == resource]


def test_engine_tokens_settle_once_and_as_counted(program: Program, pages: Pages) -> None:
    url = pages.show("/metrics", read_page("vllm.prom"))
    named = ("--project", "acme/app", "--model", f"{MODEL}=llama-3.1-70b", "--name", "engines")
    words = ("collect", "engine", url, *named, "--once", *FAST)
    assert program.ask(*words)["tokens"] == 0
    page = set_value(read_page("vllm.prom"), 'vllm:prompt_tokens_total{engine="1"', "5000.0")
    page = set_value(page, 'vllm:prompt_tokens_cached_total{engine="1"', "1500.0")
    pages.show("/metrics", set_value(page, 'vllm:generation_tokens_total{engine="1"', "800.0"))
    view = program.ask(*words)
    assert (view["tokens"], view["recorded"], view["waiting"]) == (4_300, 1, 0)
    assert program.ask(*words)["recorded"] == 0
    (record,) = list_records(program, "llama-3.1-70b")
    assert record["project"] == "acme/app"
    fields = ("in_fresh", "in_cached", "out_visible", "out_reasoning")
    assert [record[field] for field in fields] == [2_500, 1_500, 300, 0]


def test_collector_records_the_last_use_when_it_is_told_to_end(
    program: Program, pages: Pages
) -> None:
    url = pages.show("/metrics", read_page("sglang.prom"))
    command = [sys.executable, "-m", "tallystick.cli.main", "collect", "engine", url]
    command += ["--kind", "sglang", "--project", "acme/research", "--resource", "llama-3.1-405b"]
    command += ["--name", "ending", "--json", "--sample", "200ms"]
    with subprocess.Popen(
        command, cwd=program.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stderr is not None
        assert "ending of acme meters engine" in child.stderr.readline()
        wait_until(lambda: pages.reads > 1)
        page = read_page("sglang.prom").replace("7.557572e+06", "7.557672e+06")
        pages.show("/metrics", page)
        seen = pages.reads
        wait_until(lambda: pages.reads > seen + 1)
        child.send_signal(signal.SIGTERM)
        stdout, stderr = child.communicate(timeout=120)
    assert child.returncode == 0, stderr
    view = json.loads(stdout)
    assert (view["tokens"], view["recorded"], view["waiting"]) == (100, 1, 0)
    (record,) = list_records(program, "llama-3.1-405b")
    assert (record["project"], record["out_visible"]) == ("acme/research", 100)


def test_engine_of_a_gpu_resource_is_refused(program: Program, pages: Pages) -> None:
    url = pages.show("/metrics", read_page("vllm.prom"))
    words = ("collect", "engine", url, "--project", "acme/app", "--once", "--json")
    answer = program.run(*words, "--resource", "h100")
    assert (answer.exit_code, answer.document["code"]) == (2, "basis_conflict")
    answer = program.run(*words, "--resource", "llama-3.1-70b", "--basis", "gpu")
    assert (answer.exit_code, answer.document["code"]) == (2, "basis_conflict")
    answer = program.run(*words, "--resource", "lama-3.1-70b")
    assert answer.document["code"] == "resource_unknown"
    assert "llama-3.1-70b" in str(answer.document)


def test_pods_of_an_exporter_pay_for_their_part_and_the_operator_for_the_rest(
    program: Program, pages: Pages
) -> None:
    url = pages.show("/metrics", read_page("dcgm.prom"))
    (program.folder / "collect.yaml").write_text(
        f"""
        name: exporters
        operator: acme/ops
        sample: 500ms
        record: 1s
        dcgm: ["{url}"]
        rules:
          - match: {{namespace: "team-*"}}
            project: acme/app
          - match: {{slurm_job: "*"}}
            project: acme/{{namespace}}
          - match: {{slurm_job: "47*"}}
            project: acme/research
            step: 4
        """
    )
    observed = program.ask("collect", "check", "--config", "collect.yaml")
    assert [(each["resource"], each["project"], each["share_ppm"]) for each in observed] == [
        ("h100", "acme/app", 612_500),
        ("h100", "acme/research", 1_000_000),
    ]
    view = program.ask("collect", "--config", "collect.yaml", "--once")
    used = {"acme/app": 612_500, "acme/research": 1_000_000}
    records = list_records(program, "h100")
    by_project = {row["project"]: row for row in records}
    assert by_project.keys() == {"acme/app", "acme/research", "acme/ops"}
    assert by_project["acme/research"]["step"] == 4
    idle_ms = sum(row["compute_ms"] for row in records if row["project"] == "acme/ops")
    assert view["idle_ms"] == idle_ms
    elapsed_ms = by_project["acme/research"]["compute_ms"]
    assert elapsed_ms >= 500
    for project, share_ppm in used.items():
        expected = elapsed_ms * share_ppm // 1_000_000
        assert abs(by_project[project]["compute_ms"] - expected) <= 1
    both = view["compute_ms"] + view["idle_ms"]
    assert abs(both - 2 * elapsed_ms) <= 3, "two devices, all of their time and no more"
    status = program.ask("collect", "status", "--name", "exporters")
    assert (status["entries"], status["unobserved_ms"]) == (0, 0)


@dataclass
class LiveCard(Card):
    """A device on which whatever descends from this process keeps busy what it is told."""

    percent: int = 60
    stamp: int = 1

    def look(self) -> None:
        """As the driver sees things now."""
        pids = sorted(list_tree(os.getpid()) - {os.getpid()})
        self.stamp += 1
        self.energy_mj = (self.energy_mj or 0) + 1_000
        self.processes = [Process(pid, 10 * GIB) for pid in pids]
        self.samples = [Sampled(pid, self.stamp, self.percent // len(pids)) for pid in pids]


@dataclass
class LiveNvml(FakeNvml):
    def nvmlDeviceGetHandleByIndex(self, index: int) -> Card:  # noqa: N802
        card = super().nvmlDeviceGetHandleByIndex(index)
        if isinstance(card, LiveCard):
            card.look()
        return card


def use(monkeypatch: pytest.MonkeyPatch, cards: Sequence[Card]) -> None:
    library = LiveNvml(cards)
    for module in (collector, job):
        monkeypatch.setattr(module, "load_nvml", lambda: library)


def test_devices_of_this_machine_are_metered(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = LiveCard(uuid="GPU-l4", name="NVIDIA L4", memory_bytes=24 * GIB)
    use(monkeypatch, [card])
    words = ("collect", "nvml", "--operator", "acme/ops", "--name", "node", "--once", *FAST)
    view = program.ask(*words)
    assert view["sources"] == ["nvml"]
    assert view["idle_ms"] > 0, "what no process used is kept as idle time"
    rows = list_records(program, "l4")
    assert {row["project"] for row in rows} == {"acme/ops"}
    assert sum(row["compute_ms"] for row in rows) == view["compute_ms"] + view["idle_ms"]
    details = program.ask("details", "node", "--since", "1h")
    assert sum(each["energy_mj"] for each in details) == view["energy_mj"] > 0
    assert {each["source"] for each in details} == {"collector"}


def test_device_of_no_known_type_is_refused(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, [Card(name="Tesla T4")])
    words = ("collect", "nvml", "--operator", "acme/ops", "--once", "--json")
    answer = program.run(*words)
    assert (answer.exit_code, answer.document["code"]) == (2, "gpu_type_unknown")
    assert answer.document["actual"] == "Tesla T4"


def test_job_is_metered_with_everything_below_it(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = LiveCard(uuid="GPU-job", name="NVIDIA A10", memory_bytes=24 * GIB)
    use(monkeypatch, [card])
    code = "import time; time.sleep(1.2); raise SystemExit(5)"
    words = ("job", "--project", "acme/research", "--sample", "100ms", "--step", "2", "--json")
    answer = program.run("collect", *words, "--", sys.executable, "-c", code)
    assert answer.exit_code == 5
    view = answer.document
    assert (view["project"], view["exit_code"], view["waiting"]) == ("acme/research", 5, 0)
    rows = list_records(program, "a10")
    assert {(row["project"], row["step"]) for row in rows} == {("acme/research", 2)}
    assert sum(row["compute_ms"] for row in rows) == view["compute_ms"]
    assert 300 <= view["compute_ms"] <= 60 * 1_000


def test_job_is_billed_for_what_readings_missed(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The driver's accounts say 50 % of a second; no reading saw the process busy."""

    @dataclass
    class AccountingCard(LiveCard):
        percent: int = 0

        def look(self) -> None:
            super().look()
            for process in self.processes:
                self.accounted = {process.pid: Accounted(50, GIB, 1_000, 0, 0)}

    card = AccountingCard(uuid="GPU-acc", name="NVIDIA L40S", accounted={})
    use(monkeypatch, [card])
    words = ("collect", "job", "--project", "acme/app", "--sample", "100ms", "--json", "--")
    answer = program.run(*words, sys.executable, "-c", "import time; time.sleep(1.5)")
    assert answer.exit_code == 0, answer
    assert answer.document["compute_ms"] == 500
    *held, row = sorted(list_records(program, "l40s"), key=lambda row: int(row["compute_ms"]))
    assert ({each["compute_ms"] for each in held}, row["compute_ms"]) == ({0}, 500)
    assert sum(each["memory_gib_s"] for each in held) >= 10
    assert row["flags"] == Flag.AGGREGATE | Flag.ESTIMATED


def test_job_that_cannot_be_started_says_so(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, [Card(name="NVIDIA L4")])
    words = ("collect", "job", "--project", "acme/app", "--json", "--", "/no/such/program")
    answer = program.run(*words)
    assert (answer.exit_code, answer.document["code"]) == (2, "command_not_found")


def test_project_of_another_organisation_is_refused(program: Program, pages: Pages) -> None:
    program.ask("account", "create", "other/team")
    url = pages.show("/metrics", read_page("vllm.prom"))
    words = ("collect", "engine", url, "--project", "other/team", "--account", "acme", "--once")
    answer = program.run(*words, "--resource", "llama-3.1-70b", "--name", "mixed", "--json")
    assert (answer.exit_code, answer.document["code"]) == (2, "project_not_billable")
