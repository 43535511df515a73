"""What a process has in memory before its first data: nothing heavy that these do not need. By names, not by times."""

import subprocess
import sys

import pytest

HEAVY = ("scipp", "scipy", "h5py", "matplotlib", "pandas", "plotly", "IPython", "livereduce.engine")
RECEIVER = """
from livereduce.receiver.main import _loaded
_loaded(print)
from livereduce.stream.adara.client import AdaraSource
from livereduce.stream.compiling import kernels_in, load
load(kernels_in("livereduce.stream"))
"""
CLIENT = "import livereduce.stream.adara.client"
"""With scipy itself, whose version numba looks at, but not what takes time of it."""
ENGINE = """
from livereduce.engine.builtin.loading import load_engine
load_engine(print)
from livereduce.engine.mantid_api import hook
hook.install("POWDER")
hook.script_globals()
"""
"""h5py comes with the writer of products; numba brings scipy.linalg with its first kernel."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (RECEIVER, HEAVY),
        (CLIENT, ({*HEAVY} - {"scipy"}) | {"scipy.linalg"}),
        (ENGINE, {"scipp", "matplotlib", "pandas", "plotly", "IPython", "scipy.optimize", "livereduce.engine.mantid"}),
    ],
    ids=["receiver", "client", "engine"],
)
def test_nothing_heavy_is_loaded_ahead(code: str, absent: set[str]) -> None:
    show = "\nimport sys\nprint('loaded', *(name for name, module in sys.modules.items() if module is not None))"
    done = subprocess.run([sys.executable, "-c", code + show], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1].split()
    assert {*absent} & {*loaded} == set()
    assert "numba" in loaded
