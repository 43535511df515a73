"""What the configuration of recordings means here. The daemon asks only what needs no look at their directory.

That directory may be on a file system that does not answer: `check` looks at it, the daemon never does.
"""

import os
from pathlib import Path

from livereduce.config.file import Config
from livereduce.preflight.host import Host

GB = 10**9


def recording_warnings(config: Config, engine: str) -> list[str]:
    """Why nothing will be recorded although a directory is configured; the reduction runs all the same."""
    if config.record_dir is None:
        return []
    if engine == "mantid":
        why = "does nothing with the mantid engine, which has its own connection"
        return [f'"record.directory" {why}; livereduce record URL --out DIR records the stream beside it']
    if not config.record_dir.is_absolute():
        return [f'"record.directory": {config.record_dir} is relative, to the working directory of the service']
    return []


def describe_recordings(config: Config, host: Host, engine: str) -> tuple[str, str]:
    """Where is recorded and how much there is room for, in words; and what keeps it from working (empty: nothing)."""
    if config.record_dir is None or engine == "mantid":
        return "none", ""
    directory = host.cwd / config.record_dir
    kept = f"at most {config.record_keep_runs} runs, {config.record_keep_gb:g} GB"
    place = next((one for one in (directory, *directory.parents) if one.exists()), directory)
    problem = _problem(place, directory, host)
    try:
        facts = os.statvfs(place)
    except OSError as error:
        return f"{directory}; {kept}", problem or f"recordings in {directory}: {error.strerror}"
    free, whole = (blocks * facts.f_frsize / GB for blocks in (facts.f_bavail, facts.f_blocks))
    return f"{directory}; {kept}; {free:.4g} of {whole:.4g} GB free on {_file_system(place)}", problem


def _problem(place: Path, directory: Path, host: Host) -> str:
    if not place.is_dir():
        return f"recordings in {directory}: {place} is not a directory; nothing will be recorded"
    if not host.of_another_user and not os.access(place, os.W_OK | os.X_OK):
        return f"recordings in {directory}: no permission to write in {place}; nothing will be recorded"
    return ""


def _file_system(place: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Kind and mount point of the file system of a path (proc(5))."""
    try:
        rows = [line.split(" ") for line in mounts.read_text(errors="replace").splitlines()]
    except OSError:
        return "an unknown file system"
    kinds = {row[1]: row[2] for row in rows if len(row) > 2}
    at = next((str(one) for one in (place, *place.parents) if str(one) in kinds), "")
    return f"{kinds[at]} ({at})" if at else "an unknown file system"
