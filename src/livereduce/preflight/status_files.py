"""Find the status and the products of a configuration: of a daemon started here, or of its service.

No script is read for this, nor any file that is not needed: whoever watches must not hang with a file server.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from livereduce.config.file import Reading, read_file
from livereduce.messages.status import FILE_NAME
from livereduce.preflight.host import Host, look_at_host
from livereduce.preflight.resolve import Survey, choose_directory, instrument_of
from livereduce.preflight.services import probable_service, usual_configuration


def runtime_directory(found: Survey, environ: Mapping[str, str], cwd: Path) -> Path:
    """Runtime directory of a configuration, even of one that cannot run: its daemon reports there why it is parked."""
    return found.runtime_dir or _fallback(environ, cwd)


def find_statuses(path: Path | None, environ: Mapping[str, str], cwd: Path) -> list[Path]:
    """Possible paths of a configuration's snapshot, the likeliest first: of `livereduce run` here, of the service."""
    found = (
        directory or _fallback(host.environ, host.cwd)
        for directory, host in _directories("runtime", path, environ, cwd)
    )
    return list(dict.fromkeys(directory / FILE_NAME for directory in found))


def find_products(path: Path | None, environ: Mapping[str, str], cwd: Path) -> list[Path]:
    """Possible folders of a configuration's products, in the same order: for when no snapshot says where they are."""
    found = (directory for directory, _ in _directories("state", path, environ, cwd))
    return list(dict.fromkeys(directory / "products" for directory in found if directory))


def _fallback(environ: Mapping[str, str], cwd: Path) -> Path:
    return Path(environ.get("RUNTIME_DIRECTORY") or cwd / "livereduce.run")


def _directories(
    kind: str, path: Path | None, environ: Mapping[str, str], cwd: Path
) -> Iterator[tuple[Path | None, Host]]:
    """The directory as a daemon started here sees it, and as the service does, the likelier one first."""
    path = usual_configuration(path, environ)
    reading = read_file(path)
    service = probable_service(path, environ, cwd)
    ways = [(environ, cwd), (service.environ, service.cwd)]
    if service.of_user:
        ways.reverse()
    for variables, place in ways:
        asked = Host(environ=variables, cwd=place)
        yield _directory(kind, reading, asked, lambda: look_at_host(environ, cwd)), asked


def _directory(kind: str, reading: Reading, asked: Host, look: Callable[[], Host]) -> Path | None:
    """``runtime`` or ``state``; this host is looked at only if the directory depends on what is found there."""
    if f"{kind}_dir" in reading.bad_keys:
        return None
    config = reading.config
    configured = config.runtime_dir if kind == "runtime" else config.state_dir
    if found := choose_directory(kind, configured, None, asked):
        return found
    host = replace(look(), environ=asked.environ, cwd=asked.cwd)
    return choose_directory(kind, configured, instrument_of(config, host, reading.bad_keys), host)
