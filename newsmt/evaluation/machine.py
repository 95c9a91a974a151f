"""The machine and the package versions of a run: without them a speed means nothing."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

__all__ = [
    "available_processors",
    "describe_machine",
    "is_busy",
    "package_versions",
    "peak_memory_bytes",
    "processor_name",
]

_PACKAGES = ("newsmt", "ctranslate2", "sentencepiece", "torch", "transformers", "sacrebleu", "numpy")


def describe_machine() -> dict[str, str | int | float]:
    """Processor, number of processors this process may use, memory, operating system and load, as JSON values.

    load: how many processes wanted a processor over the last minute; asked before a measurement, it says whether the
        machine had anything else to do.
    """
    description: dict[str, str | int | float] = {
        "processor": processor_name(),
        "processors": available_processors(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    memory = _memory_bytes()
    if memory:
        description["memory_gb"] = round(memory / 1e9)
    if hasattr(os, "getloadavg"):
        description["load"] = round(os.getloadavg()[0], 1)
    return description


def is_busy(machine: Mapping[str, Any]) -> bool | None:
    """Whether a described machine had other work for most of its processors; None where that is not known."""
    load, processors = machine.get("load"), machine.get("processors")
    if load is None or processors is None:
        return None
    return float(load) > 0.5 * int(processors)


def processor_name() -> str:
    """The processor's own name, such as "AMD EPYC 7B13"."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or platform.machine()
    return platform.processor() or platform.machine()


def available_processors() -> int:
    """Processors this process may use, which in a container can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def package_versions(names: Iterable[str] = _PACKAGES) -> dict[str, str]:
    """The versions of the installed packages that a result can depend on."""
    versions = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def peak_memory_bytes() -> int | None:
    """The most memory this process has held so far; None where the operating system does not say.

    On Linux VmHWM, because ru_maxrss of a started process begins with what its parent held.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _memory_bytes() -> int | None:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
