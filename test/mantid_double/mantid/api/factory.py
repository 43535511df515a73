"""Which algorithms there are."""

from collections.abc import Callable

from mantid.api.algorithm import Algorithm

_classes: dict[str, Callable[[], Algorithm]] = {}


def subscribe(algorithm: type[Algorithm]) -> type[Algorithm]:
    """Make an algorithm known under its class's name; a decorator."""
    _classes[algorithm.__name__] = algorithm
    return algorithm


def make_algorithm(name: str, version: int = -1) -> Algorithm:
    """A new algorithm object, not initialised.

    Raises
    ------
    RuntimeError
        There is none of that name and version.
    """
    if name not in _classes or version not in (-1, 1):
        wanted = name if version == -1 else f"{name} version {version}"
        raise RuntimeError(f"Algorithm not registered {wanted} (the double has {', '.join(sorted(_classes))})")
    return _classes[name]()


def algorithm_names() -> list[str]:
    """All names."""
    return sorted(_classes)
