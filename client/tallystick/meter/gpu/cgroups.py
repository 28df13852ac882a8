"""What the path of a process's cgroup tells: its pod, container or Slurm job.

Paths as kubelet (both drivers, versions 1 and 2 of cgroups), containerd, Docker and slurmstepd
make them.
"""

from __future__ import annotations

import re
from typing import Final

MAX_CGROUP_BYTES: Final = 64 << 10

_POD: Final = re.compile(
    r"(?:^|[/-])pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})(?:\.slice)?(?:/|$)"
)
_CONTAINER: Final = re.compile(r"(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:/|$)")
_SLURM_JOB: Final = re.compile(r"/(?:slurm[^/]*/uid_(\d+)|[^/]*slurmstepd\.scope)/job_(\d+)(?:/|$)")


def parse_cgroup(text: str) -> dict[str, str]:
    """Facts from the content of /proc/PID/cgroup: those of its lines that say most.

    Returns:
        Some of `cgroup`, `pod_uid`, `container`, `slurm_job`.
    """
    facts: dict[str, str] = {}
    for line in text.splitlines():
        path = line.split(":", 2)[-1]
        for name, value in _read_path(path).items():
            facts.setdefault(name, value)
        if len(path) > len(facts.get("cgroup", "")):
            facts["cgroup"] = path
    return facts


def _read_path(path: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    if pod := _POD.search(path):
        facts["pod_uid"] = pod[1].replace("_", "-")
    if container := _CONTAINER.search(path):
        facts["container"] = container[1]
    if job := _SLURM_JOB.search(path):
        facts["slurm_job"] = job[2]
    return facts
