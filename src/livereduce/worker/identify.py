"""``python -m livereduce.worker --identify [NAME]``: ask Mantid for the instrument, print JSON.

In a separate process, because Mantid takes seconds to import, prints what it likes, and may hang in both.
"""

import os
import sys
from contextlib import suppress
from typing import Any

from livereduce.base.errors import ExitCode
from livereduce.environment.identity import Identity, encode


def identify(name: str = "") -> int:
    """Print what this Python's Mantid knows of an instrument, or of its default one; return the exit code."""
    try:
        identity = ask(name)
    except Exception as error:  # noqa: BLE001 (the boundary to Mantid: whatever it raises is the answer)
        identity = Identity(problem=f"{type(error).__name__}: {error}")
    # on a line of its own, in case Mantid has printed an incomplete line
    print("\n" + encode(identity), flush=True)
    with suppress(OSError):
        sys.stderr.flush()
    os._exit(ExitCode.UNUSABLE if identity.problem else ExitCode.OK)  # Mantid's own shutdown may hang


def ask(name: str) -> Identity:
    """Ask Mantid; raises whatever it raises."""
    import mantid  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from mantid.kernel import ConfigService  # type: ignore[import-not-found,import-untyped,unused-ignore]

    version, place = str(getattr(mantid, "__version__", "")), str(mantid.__file__)
    try:
        instrument: Any = ConfigService.getInstrument(name) if name else ConfigService.getInstrument()
    except Exception as error:  # noqa: BLE001 (RuntimeError or what it is in that version)
        return Identity(mantid=place, mantid_version=version, problem=str(error) or type(error).__name__)
    return Identity(
        name=str(instrument.name()),
        short_name=str(instrument.shortName()),
        facility=str(instrument.facility().name()),
        mantid=place,
        mantid_version=version,
    )
