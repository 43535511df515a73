"""``mantid.utils.logging``: sends Mantid's log to Python's, as the original does at its import."""

from mantid.kernel import ConfigService
from mantid.kernel.log import LEVELS


def log_to_python(level: str = "information") -> None:
    """Let Mantid's messages go to ``logging.getLogger("Mantid")``, text only, from this level on."""
    if level.lower() not in LEVELS:
        raise RuntimeError(f"log_to_python: {level!r} is none of {', '.join(LEVELS)}")
    ConfigService["logging.loggers.root.level"] = level.lower()
    ConfigService["logging.formatters.f1.pattern"] = "%t"
    ConfigService["logging.channels.consoleChannel.class"] = "PythonLoggingChannel"
