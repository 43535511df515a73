import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from livereduce.config.file import Config
from livereduce.config.instrument import Instrument
from livereduce.daemon.numbered import KEPT
from livereduce.daemon.worker.generation import make_generation
from livereduce.messages.beat import SILENCE_LIMITS_S, Phase
from livereduce.messages.job import decode_job
from livereduce.preflight.resolve import Resolved
from livereduce.scripting.files import ScriptFile
from livereduce.scripting.script_set import ScriptSet, read_set

TEXT = b"# coding: latin-1\n\xe9 = input\n"


def resolved(tmp_path: Path, *, post_proc: ScriptFile | None = None) -> Resolved:
    proc = ScriptFile(path=tmp_path / "reduce_PG3_live_proc.py", text=TEXT, md5=hashlib.md5(TEXT).hexdigest())
    return Resolved(
        config=Config(update_every_s=7.5, accum_method="Replace", periods=(1,)),
        instrument=Instrument(name="POWGEN", short_name="PG3"),
        engine="builtin",
        interpreter="/usr/bin/python3",
        environment="this python",
        script_dir=tmp_path,
        scripts=ScriptSet(proc=proc, post_proc=post_proc),
        source="adara://host:1",
        tof_bins_us=(0.0, 1.0, 100.0),
        runtime_dir=tmp_path / "run",
        state_dir=tmp_path / "state",
        warnings=(),
    )


def test_mantid_gets_a_stream_only_where_one_is_configured(tmp_path: Path) -> None:
    """Else its listener and address would take the place of the instrument's own."""
    mantid = replace(resolved(tmp_path), engine="mantid")
    assert make_generation(mantid)[0].source == ""
    configured = replace(mantid, config=replace(mantid.config, source="adara://host:2"))
    assert make_generation(configured)[0].source == "adara://host:2"


def test_a_job_knows_the_limits_of_silence(tmp_path: Path) -> None:
    config = Config(limits_s={**SILENCE_LIMITS_S, Phase.PROCESS: 7.0})
    _, path = make_generation(replace(resolved(tmp_path), config=config))
    job = decode_job(path.read_text())
    assert (job.limit_s(Phase.PROCESS), job.limit_s(Phase.WAITING)) == (7.0, SILENCE_LIMITS_S[Phase.WAITING])
    assert replace(job, limits_s={}).limit_s(Phase.PROCESS) == SILENCE_LIMITS_S[Phase.PROCESS]


def test_a_generation_holds_the_very_bytes_that_were_judged(tmp_path: Path) -> None:
    (tmp_path / "reduce_PG3_live_proc.py").write_text("saved again in the meantime")
    job, path = make_generation(resolved(tmp_path))
    assert decode_job(path.read_text()) == job
    assert (job.generation, job.short_name, job.update_every_s, job.accum_method) == (1, "PG3", 7.5, "Replace")
    assert job.post_proc is None
    assert job.proc
    assert Path(job.proc.copy).read_bytes() == TEXT
    assert job.proc.md5 == hashlib.md5(Path(job.proc.copy).read_bytes()).hexdigest()
    assert (Path(job.proc.path).name, Path(job.proc.copy).parent) == (Path(job.proc.copy).name, path.parent)


def test_what_the_memory_allows_goes_into_the_job(tmp_path: Path) -> None:
    job, _ = make_generation(resolved(tmp_path), keep_events=False, counted_run=7)
    assert (job.keep_events, job.counted_run) == (False, 7)


def test_numbers_count_on_and_old_folders_go(tmp_path: Path) -> None:
    found = resolved(tmp_path)
    numbers = [make_generation(found)[0].generation for _ in range(KEPT + 3)]
    assert numbers == list(range(1, KEPT + 4))
    left = sorted(folder.name for folder in (found.state_dir / "generations").iterdir())
    assert left == [f"{number:06d}" for number in numbers[-KEPT:]]


def test_numbers_go_on_beyond_what_six_digits_hold(tmp_path: Path) -> None:
    found = resolved(tmp_path)
    (found.state_dir / "generations" / "999999").mkdir(parents=True)
    (found.state_dir / "generations" / "notes").mkdir()
    assert [make_generation(found)[0].generation for _ in range(2)] == [1_000_000, 1_000_001]


def test_a_state_directory_that_cannot_be_made_is_an_error_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    with pytest.raises(OSError, match="state"):
        make_generation(resolved(tmp_path))


def test_a_generation_holds_the_modules_of_its_scripts(tmp_path: Path) -> None:
    (tmp_path / "reduce_PG3_live_proc.py").write_text("import helper, pack.inner, absent\n")
    (tmp_path / "helper.py").write_text("x = 1\n")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / "inner.py").write_text("x = 2\n")
    found = replace(resolved(tmp_path), scripts=read_set(tmp_path, "PG3"))
    (tmp_path / "helper.py").write_text("saved again in the meantime")
    job, path = make_generation(found)
    assert decode_job(path.read_text()) == job
    copies = {Path(one.path).relative_to(tmp_path).as_posix(): Path(one.copy).read_text() for one in job.modules}
    assert copies == {"helper.py": "x = 1\n", "pack/__init__.py": "", "pack/inner.py": "x = 2\n"}
    assert [one.is_package for one in job.modules] == [False, True, False]
    assert str(tmp_path / "absent.py") in job.missing


def test_another_module_makes_other_scripts(tmp_path: Path) -> None:
    """What did not fit with the old ones may fit now: suspects, memory and trends begin again."""
    (tmp_path / "reduce_PG3_live_proc.py").write_text("import helper\n")
    seen = set()
    for text in ("x = 1\n", "x = 2\n"):
        (tmp_path / "helper.py").write_text(text)
        seen.add(make_generation(replace(resolved(tmp_path), scripts=read_set(tmp_path, "PG3")))[0].script_md5s)
    assert len(seen) == 2
