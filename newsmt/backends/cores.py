"""How many processor cores this process may use, which in a container are fewer than the machine has."""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["available_cores"]


def available_cores(root: Path = Path("/")) -> int:
    """Cores that the process may keep busy: its affinity mask, limited by the quotas of its control groups.

    root: where /proc and /sys are looked for.
    """
    quotas = [quota for quota in (*_quotas_v2(root), *_quotas_v1(root)) if quota > 0]
    return max(1, min([_affinity(), *(math.ceil(quota) for quota in quotas)]))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas_v2(root: Path) -> list[float]:
    """Quotas of the process's own group and of all groups above it."""
    mount = root / "sys/fs/cgroup"
    quotas = []
    for group in _with_parents(_group(root, controller="")):
        fields = _read(mount / group / "cpu.max").split()
        if len(fields) == 2 and fields[0] != "max":
            quotas.append(_ratio(*fields))
    return quotas


def _quotas_v1(root: Path) -> list[float]:
    quotas = []
    for mount in (root / "sys/fs/cgroup/cpu", root / "sys/fs/cgroup/cpu,cpuacct"):
        for group in _with_parents(_group(root, controller="cpu")):
            quota, period = _read(mount / group / "cpu.cfs_quota_us"), _read(mount / group / "cpu.cfs_period_us")
            if quota and period:
                quotas.append(_ratio(quota, period))
    return quotas


def _group(root: Path, *, controller: str) -> str:
    """The control group of this process, without the leading slash."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3 and controller in parts[1].split(","):
            return parts[2].strip("/")
    return ""


def _with_parents(group: str) -> list[str]:
    parts = group.split("/") if group and ".." not in group else []
    return ["/".join(parts[:depth]) for depth in range(len(parts), -1, -1)]


def _ratio(quota: str, period: str) -> float:
    """Cores' worth of time; 0 where there is no limit."""
    try:
        return max(0.0, int(quota) / int(period))
    except (ValueError, ZeroDivisionError):
        return 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
