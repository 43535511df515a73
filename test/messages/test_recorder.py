"""The job of a recorder."""

import pytest

from livereduce.messages.recorder import RecorderJob, decode_recorder_job, encode_recorder_job

JOB = RecorderJob(directory="/r", instrument="PG3", source="adara://x:1", keep_runs=20, keep_bytes=10)


def test_a_job_comes_through() -> None:
    assert decode_recorder_job(encode_recorder_job(JOB)) == JOB


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"directory": 5}', "[" * 100_000])
def test_what_is_no_job_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a job of a recorder"):
        decode_recorder_job(text)
