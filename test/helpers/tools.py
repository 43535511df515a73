"""Programs that some tests need: without them a test is skipped, but a failure where the CI runs as root."""

import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest

MUST_RUN = os.environ.get("CI") == "true" and os.geteuid() == 0


def needs(*programs: str) -> Callable[[Any], Any]:
    """A mark: skipped with the reason where one of these programs is missing; .ci/run as root installs them all."""
    missing = [program for program in programs if not shutil.which(program)]
    return pytest.mark.skipif(bool(missing) and not MUST_RUN, reason=f"not installed: {', '.join(missing)}")
