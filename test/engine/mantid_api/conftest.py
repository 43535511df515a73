"""Mantid's modules as scripts see them, with an empty store."""

from collections.abc import Iterator
from typing import Any

import pytest

from livereduce.engine.mantid_api import hook
from livereduce.engine.mantid_api.session import using
from livereduce.engine.workspaces.mtd import WorkspaceStore


@pytest.fixture
def simpleapi() -> Iterator[Any]:
    """``mantid.simpleapi`` of the builtin engine."""
    hook.install()
    try:
        import mantid.simpleapi  # type: ignore[import-not-found,unused-ignore]

        with using(WorkspaceStore()):
            yield mantid.simpleapi
    finally:
        hook.uninstall()
