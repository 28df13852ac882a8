"""Pods, containers and jobs, as their cgroups are named."""

import pytest

from tallystick.meter.gpu.cgroups import parse_cgroup

POD = "0b6e2bd1-3f2b-4c1c-9a51-4d2f6a7f8e90"
UNDERSCORED = POD.replace("-", "_")
CONTAINER = "4f" * 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"0::/kubepods.slice/kubepods-pod{UNDERSCORED}.slice/cri-containerd-{CONTAINER}.scope",
            {"pod_uid": POD, "container": CONTAINER},
        ),
        (
            f"11:devices:/kubepods/besteffort/pod{POD}/{CONTAINER}",
            {"pod_uid": POD, "container": CONTAINER},
        ),
        (f"0::/system.slice/docker-{CONTAINER}.scope", {"container": CONTAINER}),
        (f"5:memory:/docker/{CONTAINER}", {"container": CONTAINER}),
        ("0::/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0", {"slurm_job": "4711"}),
        ("0::/system.slice/node7_slurmstepd.scope/job_12/step_batch/user", {"slurm_job": "12"}),
        ("10:devices:/slurm/uid_1000/job_99/step_interactive/task_0", {"slurm_job": "99"}),
        ("9:cpuset:/slurm_node7/uid_1000/job_98/step_0", {"slurm_job": "98"}),
        ("0::/user.slice/user-1000.slice/session-3.scope", {}),
        ("0::/home/slurmstepd.scope-fake/job_1", {}),
    ],
)
def test_cgroup_tells_whose_process_it_is(text: str, expected: dict[str, str]) -> None:
    facts = parse_cgroup(text + "\n")
    assert facts.pop("cgroup") == text.split(":", 2)[2]
    assert facts == expected


def test_cgroup_takes_the_line_that_says_most() -> None:
    facts = parse_cgroup("2:cpu:/\n1:name=systemd:/slurm/uid_5/job_3/step_0\n0::/\n")
    assert facts == {"slurm_job": "3", "cgroup": "/slurm/uid_5/job_3/step_0"}


def test_cgroup_of_a_process_that_is_gone_says_nothing() -> None:
    assert parse_cgroup("") == {}
