"""The parts of livereduce that need more than psutil, and how to install their packages.

livereduce itself is on no package index, so pip would not find it there. The packages that a part needs are on one:
messages name these.
"""

import shlex
from pathlib import Path

EXTRAS: dict[str, tuple[str, ...]] = {
    "builtin": ("psutil>=5.9", "numpy>=2.0", "numba>=0.61", "scipp>=25.3", "h5py>=3.11", "scipy>=1.13"),
    "dask": ("psutil>=5.9", "distributed>=2024.8"),
    "epics": ("psutil>=5.9", "caproto>=1.2"),
    "client": ("psutil>=5.9", "httpx2>=2", "scipp>=25.3"),
    "heartbeat": ("psutil>=5.9", "stomp-py>=8.2"),
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
    **dict.fromkeys(("numpy", "numba", "llvmlite", "scipp", "h5py", "scipy"), "builtin"),
    "distributed": "dask",
    "caproto": "epics",
    "stomp": "heartbeat",
    **dict.fromkeys(("starlette", "uvicorn", "prometheus_client", "plotly", "matplotlib"), "web"),
}
"""The extra that brings a module."""

OF_THE_SYSTEM = ("/usr/bin", "/bin", "/usr/libexec")
"""Folders of the system's pythons: pip should not install anything into those."""


def requirement_of(module: str) -> str:
    """What pip is told to install for a module that a part of livereduce brings; empty for other modules."""
    wanted = module.replace("_", "-")
    listed = EXTRAS.get(EXTRA_OF.get(module, ""), ())
    return next((one for one in listed if one.partition(">")[0] == wanted), "")


def own_python(extra: str) -> str:
    """The python of an extra's own environment, on a host that has only the system's pythons."""
    return f"/opt/livereduce-{extra}/bin/python"


def is_of_the_system(python: str) -> bool:
    """True if pip should not install anything into this interpreter."""
    return str(Path(python).parent) in OF_THE_SYSTEM


def how_to_install(extra: str, python: str) -> str:
    """The shell command that installs an extra's packages for the interpreter `python`.

    A python of the system is not touched: an environment in /opt is made from it, which the RPM's command
    ``livereduce`` finds by itself.
    """
    packages = " ".join(shlex.quote(requirement) for requirement in EXTRAS[extra])
    if not is_of_the_system(python):
        return f"{shlex.quote(python)} -m pip install {packages}"
    own = own_python(extra)
    return f"{python} -m venv {Path(own).parents[1]} && {own} -m pip install {packages}"
