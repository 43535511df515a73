import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.messages.beat import MAX_BEAT_BYTES, Beat, Phase, decode_beat, encode_beat
from livereduce.messages.job import Job, ScriptCopy, decode_job, encode_job
from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress, TotalProgress

COUNT = st.integers(0, 2**63)
PROGRESS = st.builds(
    Progress,
    run=st.builds(
        RunProgress,
        number=COUNT,
        state=st.sampled_from(RunState),
        proton_charge_pc=st.floats(0, 1e18),
    ),
    total=st.builds(TotalProgress, events=COUNT),
    source=st.builds(
        SourceProgress,
        data_age_s=st.none() | st.floats(-1e9, 1e9),
        address=st.text(max_size=40),
        connected=st.booleans(),
    ),
    last_errors=st.dictionaries(st.sampled_from(["proc", "post_proc", "source"]), st.text(max_size=40)),
)


@given(st.builds(Beat, seq=COUNT, phase=st.sampled_from(Phase), progress=PROGRESS))
def test_a_beat_survives_the_pipe(beat: Beat) -> None:
    line = encode_beat(beat)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_beat(line) == beat


def test_long_errors_are_cut_so_that_a_beat_stays_one_write() -> None:
    errors = {f"kind{k}": "x" * 5000 for k in range(6)}
    progress = Progress(
        last_errors=errors, source=SourceProgress(reason="y" * 5000), run=RunProgress(incomplete="z" * 5000, number=7)
    )
    line = encode_beat(Beat(seq=1, phase=Phase.PROCESS, progress=progress))
    assert len(line) <= MAX_BEAT_BYTES
    kept = decode_beat(line).progress
    assert kept.run.number == 7
    assert set(kept.last_errors) == set(errors)
    assert all(text and set(text) == {"x"} for text in kept.last_errors.values())


def test_text_of_many_bytes_a_character_fits_too() -> None:
    progress = Progress(last_errors={"proc": "é🙂" * 900}, source=SourceProgress(reason="🙂" * 900))
    assert len(encode_beat(Beat(seq=1, phase=Phase.PROCESS, progress=progress))) <= MAX_BEAT_BYTES


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"{}",
        b"[1]",
        b"null",
        b"\xff\xfe",
        b'{"seq": 1, "phase": "sleeping", "progress": {"run": {"state": "no_run"}}}',
        b'{"seq": 1, "phase": "waiting", "progress": {"run": {"state": "no_run"}, "unheard_of": 1}}',
        encode_beat(Beat(seq=1, phase=Phase.WAITING, progress=Progress()))[:-40],
    ],
)
def test_what_is_not_a_beat_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(ValueError, match="not a beat"):
        decode_beat(line)


JOB = Job(
    generation=3,
    engine="builtin",
    instrument="POWGEN",
    short_name="PG3",
    source="adara://host:1",
    update_every_s=30.0,
    preserve_events=True,
    accum_method="Add",
    periods=(1, 2),
    spectra=(),
    tof_bins_us=(0.0, 166.67, 16667.0),
    proc=ScriptCopy(path="/a/p.py", copy="/b/p.py", md5="0" * 32),
    post_proc=None,
    script_dir="/a",
    state_dir="/b",
    runtime_dir="/c",
)


def test_a_job_survives_its_file() -> None:
    assert decode_job(encode_job(JOB)) == JOB


@pytest.mark.parametrize("key", ["generation", "proc", "tof_bins_us", "runtime_dir"])
def test_a_job_that_lacks_something_is_refused(key: str) -> None:
    body = json.loads(encode_job(JOB))
    del body[key]
    with pytest.raises(ValueError, match=f"not a job: .*{key}"):
        decode_job(json.dumps(body))


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "null", '{"proc": {"path": 1}}'])
def test_what_is_not_a_job_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a job"):
        decode_job(text)


@pytest.mark.parametrize("began", [-1.0, 1e12])
def test_a_start_of_the_run_that_is_no_date_is_refused(began: float) -> None:
    progress = Progress(run=RunProgress(number=5, began_unix_s=began))
    with pytest.raises(ValueError, match="began_unix_s"):
        decode_beat(encode_beat(Beat(seq=1, phase=Phase.WAITING, progress=progress)))


@pytest.mark.parametrize("sign", ["a", "é", "\x00", "\U0001f600"])
@pytest.mark.parametrize("many", [1, 50, 2000])
def test_a_beat_fits_whatever_the_texts_are(sign: str, many: int) -> None:
    """Names of variables are a stream's: one that made a beat too long ended the worker."""
    text = sign * many
    progress = Progress(
        last_errors={f"{text[:100]}{k}": text for k in range(8)},
        run=RunProgress(number=5, state=RunState.RUNNING, incomplete=text, invalid_logs=text, counted_because=text),
        total=TotalProgress(events=2**62),
        source=SourceProgress(address=text, reason=text),
    )
    line = encode_beat(Beat(seq=1, phase=Phase.WAITING, progress=progress))
    assert len(line) <= MAX_BEAT_BYTES
    heard = decode_beat(line).progress
    assert (heard.run.number, heard.run.state, heard.total.events) == (5, RunState.RUNNING, 2**62)
    assert text.startswith(heard.run.invalid_logs)
