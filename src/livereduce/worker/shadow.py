"""A worker that is the shadow gives way to everybody else: to the processor, and when memory runs out."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from livereduce.messages.receiver import SHADOW

NICE = 10
OOM_SCORE = 900
"""The kernel ends it before anything of the service (proc(5), oom_score_adj); raising it needs no privilege."""


def give_way_if_shadow(environ: Mapping[str, str]) -> None:
    """Lower our own priority if we are the shadow; what scripts start has the same."""
    if not environ.get(SHADOW):
        return
    with suppress(OSError):
        os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
