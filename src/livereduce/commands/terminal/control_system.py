"""What ``livereduce check`` says of the results as values of the control system (`epics.prefix`)."""

from collections.abc import Iterable
from pathlib import Path
from socket import AF_INET

import psutil

from livereduce.config.file import Config
from livereduce.publish.trends.trends import FILE_NAME, read_trends
from livereduce.pvs.names import METRIC, TOTAL, pv_names
from livereduce.seen.shelf import Shelf, look_at

EVERYWHERE = "0.0.0.0"


def describe_pvs(config: Config, state_dir: Path | None) -> tuple[str, tuple[str, ...]]:
    """Where the values are served, in words; and what keeps ``livereduce pvs`` from serving all of them.

    Parameters
    ----------
    state_dir
        Names of the newest run's metrics and products are looked at there.
    """
    prefix = config.epics_prefix
    if prefix is None:
        without = '"epics.interfaces" has no effect without "epics.prefix"'
        return "none", (without,) if "epics.interfaces" in config.given else ()
    interfaces = config.epics_interfaces
    where = "all addresses of this host" if EVERYWHERE in interfaces else ", ".join(interfaces)
    only = " (clients on this host only)" if all(one.startswith("127.") for one in interfaces) else ""
    metrics, products = _newest_names(state_dir / "products") if state_dir else ((), ())
    refused = (*pv_names(prefix, METRIC, metrics).refused, *pv_names(prefix, TOTAL, products).refused)
    return f"{prefix}…, served by livereduce pvs on {where}{only}", (
        *_strangers(interfaces),
        *(f"no PV for {one}" for one in refused),
    )


def _strangers(interfaces: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each address that this host does not have."""
    ours = sorted({one.address for found in psutil.net_if_addrs().values() for one in found if one.family == AF_INET})
    return tuple(
        f'"epics.interfaces": {one} is no address of this host, which has {", ".join(ours)}; livereduce pvs cannot '
        "listen there"
        for one in interfaces
        if one != EVERYWHERE and one not in ours and not one.startswith("127.")
    )


def _newest_names(products: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the metrics and of the products of the newest run; none if there are none, or they cannot be read."""
    shelf = look_at(str(products), Shelf(), {}, {})
    run = next(iter(shelf.index.runs), None)
    if run is None:
        return (), ()
    try:
        trends = read_trends(products / str(run.run) / FILE_NAME)
    except (OSError, ValueError):
        trends = None
    return tuple(trends.metrics) if trends else (), tuple(run.products)
