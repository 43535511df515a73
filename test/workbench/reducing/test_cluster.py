"""``livereduce reduce --dask``: a scheduler and two workers on hosts of their own, over TLS, and one of them dies."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from helpers.certificates import dask_environ, make_certificates
from helpers.event_files import PER_PULSE, PULSES, event_file, put
from helpers.namespaces import Namespace, hosts, needs_namespaces
from helpers.tools import needs
from livereduce.base import lock
from livereduce.base.errors import OperatorError
from livereduce.cli import main
from livereduce.publish.products.file import read_product
from livereduce.workbench.reducing import crew
from livereduce.workbench.reducing.crew import on_cluster
from livereduce.workbench.reducing.place import PREFIX, temporary_place
from livereduce.workbench.reproduce.compare import differences

PATIENCE_S = 100.0
NO_DASK = "not installed: the extra dask (distributed)"
DASK = (sys.executable, "-m", "dask")
RUNS = (1, 2, 3, 4)
PROC = """
import os, time
from pathlib import Path
folder = Path({folder!r})
(folder / f"begun-{{os.getppid()}}-{{input.getRunNumber()}}").touch()
while not (folder / "go").exists():
    time.sleep(0.02)
input.data = input.events.where(lambda piece: piece.pixel % 3 > 0)
"""


def folder_of(folder: Path) -> Path:
    """Runs, and a script that says on which worker it is, and waits to be let go."""
    (folder / "scripts").mkdir()
    (folder / "temporary").mkdir()
    (folder / "scripts" / "reduce_PG3_live_proc.py").write_text(PROC.format(folder=str(folder)))
    settings = {"instrument": "PG3", "script_dir": str(folder / "scripts"), "preserve_events": False}
    (folder / "conf.json").write_text(json.dumps(settings))
    for run in RUNS:
        event_file(folder / f"PG3_{run}.nxs", lambda entry, run=run: put(entry, "run_number", run))  # type: ignore[misc]
    return folder


def reduce_words(folder: Path, out: str, *words: str) -> list[str]:
    command = [sys.executable, "-m", "livereduce", "reduce", str(folder / "PG3_*.nxs"), "--config"]
    return [*command, str(folder / "conf.json"), "--out", str(folder / out), *words]


@contextmanager
def running(host: Namespace, command: Sequence[str], environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A command on a host, in a process group of its own, which is gone afterwards."""
    output = (Path(environ["TMPDIR"]) / f"{host.number}.txt").open("w")
    with (
        output,
        subprocess.Popen([*host.within, *command], env=environ, stdout=output, stderr=output, process_group=0) as child,
    ):
        try:
            yield child
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def wait_for_two(folder: Path, reduction: subprocess.Popen[bytes]) -> None:
    """Wait until a script has begun on both workers."""
    deadline = time.monotonic() + PATIENCE_S
    while len({path.name.split("-")[1] for path in folder.glob("begun-*")}) < 2:
        said = [path.read_text()[-2000:] for path in (folder / "temporary").glob("*.txt")]
        assert time.monotonic() < deadline, said
        assert reduction.poll() is None, said
        time.sleep(0.05)


def reduce_on_hosts(folder: Path, environ: Mapping[str, str]) -> None:
    """Reduce the runs on two hosts, of which one dies while it is at work."""
    with hosts(4) as (one, two, three, mine), ExitStack() as left:
        address = f"tls://{one.address}:8786"
        scheduler = [*DASK, "scheduler", "--host", address, "--no-dashboard"]
        left.enter_context(running(one, scheduler, environ))
        worker = [*DASK, "worker", address, "--nthreads", "1", "--no-dashboard", "--host"]
        doomed = left.enter_context(running(two, [*worker, two.address], environ))
        left.enter_context(running(three, [*worker, three.address], environ))
        reduction = left.enter_context(running(mine, reduce_words(folder, "cluster", "--dask", address), environ))
        wait_for_two(folder, reduction)
        os.killpg(doomed.pid, signal.SIGKILL)
        doomed.wait()
        (folder / "go").touch()
        assert reduction.wait(PATIENCE_S) == 0, (folder / "temporary" / f"{mine.number}.txt").read_text()


@pytest.mark.timeout(300)
@needs("openssl", "ip", "nsenter", "unshare")
@needs_namespaces()
def test_two_hosts_over_tls_of_which_one_dies(tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason=NO_DASK)
    folder = folder_of(tmp_path)
    environ = {**os.environ, "TMPDIR": str(folder / "temporary"), **dask_environ(make_certificates(tmp_path, "ca"))}
    reduce_on_hosts(folder, environ)
    here = subprocess.run(reduce_words(folder, "here"), env=environ, capture_output=True, text=True, check=False)
    assert here.returncode == 0, here.stderr
    for run in RUNS:
        expected, product = (read_product(folder / out / f"PG3_{run}" / "result.nxs") for out in ("here", "cluster"))
        assert differences(expected, product) == ()
        assert product.attributes == expected.attributes
        assert product.attributes["events"] == 2 * PULSES * PER_PULSE
    assert not list((folder / "temporary").glob(f"*{PREFIX}*")), "what the killed one had left, the next task removed"


def refused(address: str) -> str:
    with pytest.raises(OperatorError) as error:
        next(on_cluster({}, address))
    return str(error.value)


@needs("openssl")
def test_certificates_that_are_not_there_or_wrong_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dask = pytest.importorskip("dask", reason=NO_DASK)
    distributed = pytest.importorskip("distributed", reason=NO_DASK)
    monkeypatch.setattr(crew, "CONNECT_S", 2.0)
    ours, others = (make_certificates(tmp_path, name) for name in ("ours", "others"))
    nobody = "tls://127.0.0.1:1"
    assert "names no distributed.comm.tls.ca-file and no distributed.comm.tls.client.cert" in refused(nobody)
    with dask.config.set(tls_config(ours, "request.pem")):
        assert "the certificates in Dask's configuration (distributed.comm.tls) cannot be used" in refused(nobody)
    with dask.config.set(tls_config(ours, "cert.pem")):
        assert "cannot be reached: [Errno 111]" in refused(nobody)
        security = distributed.security.Security(require_encryption=True)
        cluster = distributed.LocalCluster(
            n_workers=0, protocol="tls", security=security, dashboard_address=None, processes=False
        )
    with cluster, dask.config.set(tls_config(others, "cert.pem")):
        assert "certificate" in refused(cluster.scheduler_address)


def tls_config(certificates: Path, cert: str) -> dict[str, str]:
    names = {"client.cert": cert, "client.key": "key.pem", "scheduler.cert": cert, "scheduler.key": "key.pem"}
    names |= {"worker.cert": cert, "worker.key": "key.pem", "ca-file": "ca.pem"}
    return {f"distributed.comm.tls.{name}": str(certificates / file) for name, file in names.items()}


def test_a_cluster_in_clear_beyond_this_host_is_refused_before_anything_is_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path)
    words = ["reduce", str(folder / "PG3_1.nxs"), "--config", str(folder / "conf.json"), "--out", str(folder / "out")]
    assert main([*words, "--dask", "tcp://10.77.0.1:8786"]) == 78
    assert "tcp:// beyond this host is refused: whoever reaches it can run code" in capsys.readouterr().err
    assert not (folder / "out").exists()


def test_a_folder_of_a_killed_task_is_removed_by_the_next_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, unlocked = tmp_path / f"{PREFIX}left", tmp_path / f"{PREFIX}unlocked"
    for folder in (left, unlocked):
        folder.mkdir()
    os.close(lock.take(left / lock.FILE_NAME))
    with temporary_place() as one, temporary_place() as other:
        assert {path.name for path in tmp_path.iterdir()} == {one.name, other.name, unlocked.name}
    assert list(tmp_path.iterdir()) == [unlocked]
