"""A worker whose result is not the live one gives way to those whose is: the shadow's, and one that reduces again."""

from collections.abc import Mapping

from livereduce.base.processes import give_way
from livereduce.messages.job import BACKGROUND
from livereduce.messages.receiver import SHADOW

NICE = 5
"""A third of the processor that others get, where there is not enough for all: enough to come to an end."""
SHADOW_OOM_SCORE, BACKGROUND_OOM_SCORE = 900, 500
"""The kernel ends the shadow before anything of the service."""


def give_way_if_told(environ: Mapping[str, str]) -> None:
    """Lower our own priority if whoever has started us says so; what scripts start has the same."""
    if environ.get(SHADOW):
        give_way(NICE, SHADOW_OOM_SCORE)
    elif environ.get(BACKGROUND):
        give_way(NICE, BACKGROUND_OOM_SCORE)
