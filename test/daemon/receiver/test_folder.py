import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from livereduce.daemon.numbered import KEPT
from livereduce.daemon.receiver.folder import make_receiver_folder
from livereduce.daemon.worker.suspects import FILE_NAME
from livereduce.messages.marks import MarkStage, Suspect
from livereduce.messages.receiver import ReceiverJob, decode_receiver_job
from livereduce.preflight.resolve import Resolved


class Stand:
    """What is read of a `Resolved`."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir, self.source = state_dir, "adara://bl11a:31415"


def test_each_receiver_has_a_folder_with_job_and_mark(tmp_path: Path) -> None:
    resolved = cast(Resolved, Stand(tmp_path / "state"))
    job, path = make_receiver_folder(resolved, 1 << 30)
    assert decode_receiver_job(path.read_text()) == job
    folder = tmp_path / "state" / "receivers" / "000001"
    assert job == ReceiverJob(
        number=1,
        source="adara://bl11a:31415",
        state_dir=str(tmp_path / "state"),
        mark=str(folder / "mark"),
        held_limit_bytes=1 << 30,
    )
    for _ in range(KEPT + 2):
        job, _ = make_receiver_folder(resolved, None)
    assert job.number == KEPT + 3
    assert len(list(folder.parent.iterdir())) == KEPT


def test_the_suspects_of_decoding_go_to_the_next_receiver(tmp_path: Path) -> None:
    suspect = Suspect(stage=MarkStage.DECODE, run=7, from_ns=1, to_ns=2)
    known = (suspect, replace(suspect, stage=MarkStage.PROC))
    (tmp_path / FILE_NAME).write_text(json.dumps([asdict(one) for one in known]))
    job, _ = make_receiver_folder(cast(Resolved, Stand(tmp_path)), None)
    assert job.suspects == (suspect,)
