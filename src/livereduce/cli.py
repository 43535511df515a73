"""The ``livereduce`` command."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    raise SystemExit("not yet")
