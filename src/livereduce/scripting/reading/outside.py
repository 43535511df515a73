"""What a script takes from elsewhere than its input: clocks, files, chance. Found by reading, as far as it shows. Pure.

A result that depends on these may come out differently when it is made again.
"""

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

MAX_READ_BYTES = 1 << 17
"""A longer text is not read: it is a table of data."""
MAX_NOTES = 5
"""Most notes on one file."""

_KINDS: dict[str, tuple[str, ...]] = {
    "the clock": (
        "time.time",
        "time.time_ns",
        "time.monotonic",
        "time.perf_counter",
        "time.localtime",
        "time.gmtime",
        "time.strftime",
        "time.ctime",
        "datetime.datetime.now",
        "datetime.datetime.utcnow",
        "datetime.datetime.today",
        "datetime.date.today",
    ),
    "random numbers": ("random.", "secrets.", "numpy.random.", "uuid.uuid1", "uuid.uuid4", "os.urandom"),
    "a file": (
        "open",
        "io.open",
        "numpy.load",
        "numpy.loadtxt",
        "numpy.genfromtxt",
        "numpy.fromfile",
        "h5py.File",
        "json.load",
        "pandas.read_",
        "scipp.io.",
        "glob.glob",
        "glob.iglob",
        "os.listdir",
        "os.scandir",
        "os.stat",
        "os.path.getmtime",
    ),
    "the network": ("urllib.", "requests.", "httpx.", "socket.", "http.client.", "epics.", "p4p."),
    "an environment variable": ("os.getenv", "os.environ."),
    "another process": ("subprocess.", "os.system", "os.popen"),
}
_READING_METHODS = ("read_text", "read_bytes", "iterdir")
_SEEDED = ("numpy.random.default_rng", "numpy.random.RandomState", "numpy.random.seed", "random.Random", "random.seed")


def taken_from_outside(text: bytes, path: Path) -> tuple[str, ...]:
    """A sentence on each kind of thing that a script takes from outside, with its first line; never raises."""
    if len(text) > MAX_READ_BYTES:
        return ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    first: dict[str, str] = {}
    for line, name, kind in _calls(tree, _aliases(tree)):
        first.setdefault(kind, f"{path.name}:{line} takes {kind} into account ({name})")
    return tuple(first.values())[:MAX_NOTES]


def _aliases(tree: ast.Module) -> dict[str, str]:
    """Names that imports bind, with what they stand for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _calls(tree: ast.Module, aliases: dict[str, str]) -> Iterator[tuple[int, str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _dotted(node.value, aliases) == "os.environ":
            yield node.lineno, "os.environ", "an environment variable"
        if not isinstance(node, ast.Call) or any(_is_parameter(one, aliases) for one in node.args):
            continue
        name = _dotted(node.func, aliases)
        if name in _SEEDED and (node.args or node.keywords):
            continue
        if kind := _kind(name, node.func):
            yield node.lineno, name or ast.unparse(node.func)[:60], kind


def _is_parameter(node: ast.expr, aliases: dict[str, str]) -> bool:
    """A parameter of livereduce: the file that it names is known by its md5."""
    return isinstance(node, ast.Call) and _dotted(node.func, aliases) == "livereduce.parameter"


def _dotted(node: ast.expr, aliases: dict[str, str]) -> str:
    """The full name of ``a.b.c``; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join((aliases.get(node.id, node.id), *reversed(parts)))


def _kind(name: str, func: ast.expr) -> str:
    for kind, known in _KINDS.items():
        if any(name == one or (one[-1] in "._" and name.startswith(one)) for one in known):
            return kind
    if name.rpartition(".")[2].startswith("Load") and (name.startswith("mantid.") or "." not in name):
        return "a file"
    return "a file" if isinstance(func, ast.Attribute) and func.attr in _READING_METHODS else ""
