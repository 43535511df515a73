"""When prompt pulses arrive.

Source: Mantid Framework/Algorithms/src/RemovePromptPulse.cpp.
"""

import math

import numpy as np

from livereduce.engine.workspaces.runlogs import RunLogs

FREQUENCY_LOGS = ("Frequency", "frequency", "FREQUENCY")


def prompt_pulses(tof_min: float, tof_max: float, period_us: float) -> list[float]:
    """Times of flight of the prompt pulses in ``tof_min <= t < tof_max``; the first is at 0."""
    first = max(0, math.ceil(tof_min / period_us))
    first += first * period_us < tof_min
    last = math.ceil(tof_max / period_us)
    return [k * period_us for k in range(first, last) if k * period_us < tof_max]


def frequency_of(logs: RunLogs) -> float | None:
    """The median of the first log of the frequency that is a series of numbers, in Hz; None without one."""
    for name in FREQUENCY_LOGS:
        if name in logs and logs[name].times_ns is not None:
            try:
                values = np.asarray(logs[name].value, np.float64)
            except (TypeError, ValueError):
                continue
            return float(np.median(values))
    return None
