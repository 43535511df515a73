#!/usr/bin/env python3
"""Run the livereduce daemon: ``python scripts/livereduce.py [CONF]``, from a checkout or installed."""

import argparse
import sys
from pathlib import Path

# This file carries the package's name: with its own directory on the path, `import livereduce` would find it.
HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != HERE]
for package in (HERE.parent / "src", HERE.parent / "share" / "livereduce"):  # a checkout, the RPM
    if (package / "livereduce" / "__init__.py").is_file():
        sys.path.insert(0, str(package))
        break

from livereduce.daemon.run import run  # noqa: E402


def main() -> int:
    """Run the daemon until it is told to stop."""
    parser = argparse.ArgumentParser(description="Reduce live data of a beamline until told to stop (SIGTERM).")
    parser.add_argument("configuration", nargs="?", type=Path, help="default: /etc/livereduce.conf")
    return run(parser.parse_args().configuration)


if __name__ == "__main__":
    sys.exit(main())
