"""Find the status and the products of a configuration: of a daemon started here, or of its service."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from livereduce.config.file import read_file
from livereduce.messages.status import FILE_NAME
from livereduce.preflight.host import look_at_host
from livereduce.preflight.resolve import Survey, survey
from livereduce.preflight.services import probable_service, usual_configuration


def runtime_directory(found: Survey, environ: Mapping[str, str], cwd: Path) -> Path:
    """Runtime directory of a configuration, even of one that cannot run: its daemon reports there why it is parked."""
    return found.runtime_dir or Path(environ.get("RUNTIME_DIRECTORY") or cwd / "livereduce.run")


def find_statuses(path: Path | None, environ: Mapping[str, str], cwd: Path) -> list[Path]:
    """Possible paths of a configuration's snapshot, the likeliest first: of `livereduce run` here, of the service."""
    seen = _surveys(path, environ, cwd)
    return list(
        dict.fromkeys(runtime_directory(found, variables, place) / FILE_NAME for found, variables, place in seen)
    )


def find_products(path: Path | None, environ: Mapping[str, str], cwd: Path) -> list[Path]:
    """Possible folders of a configuration's products, in the same order: for when no snapshot says where they are."""
    seen = [found.state_dir for found, _, _ in _surveys(path, environ, cwd)]
    return list(dict.fromkeys(folder / "products" for folder in seen if folder))


def _surveys(
    path: Path | None, environ: Mapping[str, str], cwd: Path
) -> Iterator[tuple[Survey, Mapping[str, str], Path]]:
    """The configuration as a daemon started here sees it, and as its service does, the likelier one first."""
    path = usual_configuration(path, environ)
    reading = read_file(path)
    host = look_at_host(environ, cwd)
    service = probable_service(path, environ, cwd)
    ways = [(environ, cwd), (service.environ, service.cwd)]
    if service.of_user:
        ways.reverse()
    for variables, place in ways:
        yield survey(reading.config, replace(host, environ=variables, cwd=place), reading.bad_keys), variables, place
