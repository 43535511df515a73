"""Settings for all tests: no test of hypothesis fails because a machine is slow; a builtin engine leaves no hook."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("livereduce", deadline=None)
settings.load_profile("livereduce")


@pytest.fixture(autouse=True)
def no_hook_is_left() -> Iterator[None]:
    """A builtin engine makes ``import mantid`` its own for the rest of its process; the next test may want Mantid's."""
    yield
    for name in ("hook", "helpers.finder"):
        module = sys.modules.get(f"livereduce.engine.mantid_api.{name}")
        if module is not None:
            module.uninstall()
