"""The first lines of the log: the setup of this run of the daemon."""

import json
import logging
import sys
from collections.abc import Sequence

from livereduce.base.logs import user_name
from livereduce.config.file import value_of
from livereduce.config.keys import KEYS
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.files import WITHOUT, script_path

log = logging.getLogger("livereduce")


def log_startup(resolved: Resolved, argv: Sequence[str]) -> None:
    """Log the setup: user, software, configuration, scripts; no `argv`: this daemon runs on, only its files are new."""
    config, instrument = resolved.config, resolved.instrument
    if argv:
        log.info("livereduce started by %s: %s", user_name(), " ".join(argv))
    else:
        log.info("configuration and scripts were read again:")
    version = f" (Python {sys.version.split()[0]})" if resolved.interpreter == sys.executable else ""
    log.info("interpreter: %s%s", resolved.interpreter, version)
    log.info("configuration: %s", config.path or "none; using the defaults")
    log.info("options: %s", json.dumps({key.name: value_of(config, key) for key in KEYS}, default=str))
    log.info(
        "instrument: %s (%s), facility %s", instrument.name, instrument.short_name, instrument.facility or "unknown"
    )
    for step, script in (("proc", resolved.scripts.proc), ("post_proc", resolved.scripts.post_proc)):
        if script is None:
            path = script_path(resolved.script_dir, instrument.short_name, step)
            log.info("%s script: none, %s (%s does not exist)", step, WITHOUT[step], path)
        else:
            log.info("%s script: %s, md5 %s", step, script.path, script.md5)
    if file := resolved.scripts.parameters:
        log.info("parameters: %s, md5 %s", file.path, file.md5)
    log.info("engine: %s in %s, stream %s", resolved.engine, resolved.environment, resolved.source or "none")
    if resolved.mantid:
        log.info("Mantid: %s", resolved.mantid)
    for warning in resolved.warnings:
        log.warning("%s", warning)
