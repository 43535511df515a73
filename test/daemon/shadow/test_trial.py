"""Whether promoted scripts have proved themselves."""

import pytest

from livereduce.daemon.shadow.trial import TrialSight, TrialVerdict, judge_trial


@pytest.mark.parametrize(
    ("sight", "verdict"),
    [
        (TrialSight(), TrialVerdict.OPEN),
        (TrialSight(filled=2), TrialVerdict.OPEN),
        (TrialSight(filled=2, failed=2), TrialVerdict.OPEN),
        (TrialSight(filled=3), TrialVerdict.PROVED),
        (TrialSight(filled=3, failed=2), TrialVerdict.PROVED),
        (TrialSight(filled=3, failed=3), TrialVerdict.FAILED),
        (TrialSight(filled=30, failed=3), TrialVerdict.FAILED),
        (TrialSight(ended=1), TrialVerdict.FAILED),
        (TrialSight(filled=3, ended=1), TrialVerdict.FAILED),
    ],
)
def test_three_chunks_with_events_decide(sight: TrialSight, verdict: TrialVerdict) -> None:
    assert judge_trial(sight) is verdict
