"""Describes the machine that the figures were measured on, for the text under a table."""

import os
import platform
from pathlib import Path


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model") and value.strip():
            return value.strip()
    return f"unnamed {platform.machine()} CPU"


def memory_bytes():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def filesystem_type(folder):
    """The type of the file system that holds `folder`: a sync of a tmpfs costs nothing, which would flatter every server."""
    device = folder.stat().st_dev
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        major, minor = map(int, fields.split()[2].split(":"))
        if os.makedev(major, minor) == device:
            return rest.split()[0]
    return "unknown file system"


def facts(folder):
    """What a reader needs to judge the figures, `folder` being where the databases are."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": cpu_model(),
        "memory_bytes": memory_bytes(),
        "kernel": f"{platform.system()} {platform.release()}",
        "filesystem": filesystem_type(folder),
    }


def describe(machine):
    return (
        f"{machine['cores']} cores, {machine['cpu']}, {machine['memory_bytes'] / 10**9:.0f} GB memory, "
        f"{machine['kernel']}, databases on {machine['filesystem']}"
    )
