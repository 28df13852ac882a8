"""What the kernel says of processes, from a folder that looks like its own."""

import os
from pathlib import Path

import pytest

from tallystick.meter.gpu.processes import list_tree, read_boot_id, read_facts, read_start


def add_process(proc: Path, pid: int, parent: int, command: str = "python") -> Path:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    fields = " ".join(["S", str(parent), *["0"] * 17, str(pid * 10), *["0"] * 20])
    (folder / "stat").write_text(f"{pid} ({command}) {fields}\n")
    (folder / "cmdline").write_bytes(b"python\0train.py\0--epochs\x003\0")
    (folder / "cgroup").write_text("0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0\n")
    (folder / "environ").write_bytes(b"SLURM_JOB_ACCOUNT=ml\0SECRET=hush\0EMPTY=\0=x\0")
    return folder


def test_facts_are_what_rules_may_ask_for(tmp_path: Path) -> None:
    add_process(tmp_path, 11, 1)
    facts = read_facts(11, {"SLURM_JOB_ACCOUNT", "EMPTY", "ABSENT"}, tmp_path)
    assert facts["command"] == "python train.py --epochs 3"
    assert facts["slurm_job"] == "7"
    assert facts["uid"] == str(os.getuid())
    assert facts["env:SLURM_JOB_ACCOUNT"] == "ml"
    assert facts["env:EMPTY"] == ""
    assert "hush" not in str(facts)


def test_facts_without_rules_on_the_environment_read_none(tmp_path: Path) -> None:
    (add_process(tmp_path, 11, 1) / "environ").unlink()
    assert not [name for name in read_facts(11, (), tmp_path) if name.startswith("env:")]


def test_facts_of_a_process_that_is_gone_are_none(tmp_path: Path) -> None:
    assert read_facts(11, {"X"}, tmp_path) == {}
    assert read_start(11, tmp_path) is None


@pytest.mark.parametrize("command", ["python", "a) S 9 (b", "x (y) z"])
def test_start_is_read_whatever_the_command_is_called(tmp_path: Path, command: str) -> None:
    add_process(tmp_path, 11, 1, command)
    assert read_start(11, tmp_path) == 110


def test_tree_is_everything_below_a_process(tmp_path: Path) -> None:
    for pid, parent in [(10, 1), (11, 10), (12, 11), (13, 1), (14, 13), (9, 12)]:
        add_process(tmp_path, pid, parent, "a) 13 (")
    (tmp_path / "self").mkdir()
    assert list_tree(10, tmp_path) == {9, 10, 11, 12}


def test_tree_of_this_process_has_this_process() -> None:
    assert os.getpid() in list_tree(os.getpid())
    assert len(read_boot_id()) == 36
