"""The parts of livereduce that need more than psutil, and how to install what they need.

livereduce itself is on no package index, so pip would not find its name there. The packages that a part needs are on
one: messages name these.
"""

import shlex
from pathlib import Path

EXTRAS: dict[str, tuple[str, ...]] = {
    "builtin": ("psutil>=5.9", "numpy>=2.0", "numba>=0.61", "scipp>=25.3", "h5py>=3.11"),
    "web": (
        "psutil>=5.9",
        "h5py>=3.11",
        "matplotlib>=3.9",
        "numpy>=2.0",
        "plotly>=6.0",
        "prometheus-client>=0.21",
        "starlette>=0.45",
        "uvicorn>=0.34",
    ),
}
"""The requirements of each extra of pyproject.toml, with what livereduce itself requires."""

EXTRA_OF = {
    **dict.fromkeys(("numpy", "numba", "llvmlite", "scipp", "h5py"), "builtin"),
    **dict.fromkeys(("starlette", "uvicorn", "prometheus_client", "plotly", "matplotlib"), "web"),
}
"""Which extra brings a module."""

OF_THE_SYSTEM = ("/usr/bin", "/bin", "/usr/libexec")
"""Where the pythons of the system are: nothing should be installed into those by pip."""


def own_python(extra: str) -> str:
    """The python of the environment that an extra has on a host where only the system's pythons are."""
    return f"/opt/livereduce-{extra}/bin/python"


def is_of_the_system(python: str) -> bool:
    """Whether nothing should be installed into this interpreter by pip."""
    return str(Path(python).parent) in OF_THE_SYSTEM


def how_to_install(extra: str, python: str) -> str:
    """The command, to be copied into a shell, that installs what an extra needs for the interpreter `python`.

    A python of the system is left alone: an environment in /opt is made from it, which the RPM's command ``livereduce``
    finds by itself.
    """
    packages = " ".join(shlex.quote(requirement) for requirement in EXTRAS[extra])
    if not is_of_the_system(python):
        return f"{shlex.quote(python)} -m pip install {packages}"
    own = own_python(extra)
    return f"{python} -m venv {Path(own).parents[1]} && {own} -m pip install {packages}"
