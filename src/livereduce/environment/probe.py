"""Run as a file by the Python of an environment: writes down what that Python and its environment are.

``python probe.py ANSWER [MODULE …]``, for `ask`. It goes through launchers of many kinds, so it is a file (``conda
run`` refuses an argument of several lines) and answers into a file (launchers print what they like, and some close
descriptors). It may be run by a Python that is too old for us, in order to report that: nothing here needs more than
3.6. Nothing is imported to find out about it: `find_spec` says where a package would come from, and the version is
that of the installed distribution, or of conda's record of it.
"""

import json
import os
import sys
from importlib.machinery import ModuleSpec

BUILTIN_NEEDS = ("numpy", "numba", "scipp", "scipy", "h5py")
"""Packages of the builtin engine."""


def found_spec(module: str) -> "ModuleSpec | None":
    """Find what an import of a module would use, without importing it; None if the import would fail."""
    from importlib.util import find_spec

    try:
        return find_spec(module)
    except (ImportError, ValueError, AttributeError):
        return None


def location(package: str) -> str:
    """Place from which a package would be imported; empty if it would not."""
    spec = found_spec(package)
    return (spec.origin or "") if spec else ""  # without an origin it is just a directory of that name


def installed_version(package: str) -> str:
    """Version of a package without importing it; empty if not known."""
    try:
        from importlib.metadata import version  # Python 3.8

        return version(package)
    except Exception:  # noqa: BLE001 (a broken record of a package must not cost the answer)
        pass
    try:
        records = os.listdir(os.path.join(sys.prefix, "conda-meta"))  # noqa: PTH118, PTH208 (strings throughout)
    except OSError:
        return ""
    for record in sorted(records):
        name, _, rest = record.rpartition(".")[0].rpartition("-")[0].rpartition("-")
        if name == package:
            return rest
    return ""


def describe(modules: "tuple[str, ...]" = ()) -> "dict[str, object]":
    """Describe this Python, which of these modules it does not have, and its environment variables byte for byte."""
    pairs = [(name.decode("utf-8", "surrogateescape"), value) for name, value in os.environb.items()]
    return {
        "executable": sys.executable,
        "version": list(sys.version_info[:3]),
        "mantid": location("mantid"),
        "mantid_version": installed_version("mantid"),
        "psutil": bool(location("psutil")),
        "missing": [name for name in BUILTIN_NEEDS if not location(name)],
        "absent": [name for name in modules if found_spec(name) is None],
        "environ": {name: value.decode("utf-8", "surrogateescape") for name, value in pairs},
    }


def main(answer: str, modules: "tuple[str, ...]") -> None:
    """Write the answer, whole or not at all."""
    # The directory of this file is the package's own: its modules must not hide others.
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]  # noqa: PTH100
    with open(answer + ".part", "w", encoding="ascii") as file:  # noqa: PTH123
        json.dump(describe(modules), file)
    os.replace(answer + ".part", answer)  # noqa: PTH105


if __name__ == "__main__":
    main(sys.argv[1], tuple(sys.argv[2:]))
