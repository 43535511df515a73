"""/etc/livereduce.conf to a frozen `Config`, every problem named with its key."""

from dataclasses import dataclass, field
from pathlib import Path

from livereduce.link import SILENCE_LIMITS_S, Phase

DEFAULT_PATH = Path("/etc/livereduce.conf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The configuration as written, with defaults; what depends on the host is resolved elsewhere.

    `instrument`, `script_dir`, `source`, `tof_bins_us`, `runtime_dir` and `state_dir` are None where not configured.
    """

    path: Path | None = None
    instrument: str | None = None
    conda_env: str | None = None
    pixi_env: str | None = None
    script_dir: Path | None = None
    update_every_s: float = 30.0
    preserve_events: bool = True
    accum_method: str = "Add"
    periods: tuple[int, ...] = ()
    spectra: tuple[int, ...] = ()
    system_mem_limit_perc: float = 70.0
    mem_check_interval_s: float = 1.0
    watchdog_interval_s: float = 60.0
    watchdog_threshold_s: float = 300.0
    engine: str = "auto"
    source: str | None = None
    tof_bins_us: tuple[float, float, float] | None = None
    limits_s: dict[Phase, float] = field(default_factory=lambda: dict(SILENCE_LIMITS_S))
    runtime_dir: Path | None = None
    state_dir: Path | None = None
    warnings: tuple[str, ...] = ()
