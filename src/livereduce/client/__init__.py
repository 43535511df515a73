"""Results of a status page for a notebook or a program: `Instrument` gives them as scipp objects, and follows new ones.

May import `base`; httpx2, scipp and the numpy that scipp brings (extra ``client``). No result is written or changed.
Read `instrument.py` first.
"""

from livereduce.client.errors import NotOnPage, PageError, PageRefused, PageUnreachable
from livereduce.client.instrument import Instrument
from livereduce.client.values import ListedResult, MetricValue, PageStatus, RunSummary

__all__ = [
    "Instrument",
    "ListedResult",
    "MetricValue",
    "NotOnPage",
    "PageError",
    "PageRefused",
    "PageStatus",
    "PageUnreachable",
    "RunSummary",
]
