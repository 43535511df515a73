"""What is known of findings on cards: while somebody looks, and not for long after."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from helpers.fabricated import Fabricated
from livereduce.web.render.prometheus import metrics_text
from livereduce.web.state.named import GOOD_S, KINDS, WHATS, named_in
from livereduce.web.state.snapshot import View, card, judge_down

FOUND = [{"kind": "dead", "what": what} for what in ("bank", "pixel", "pixel")]
BODY = json.dumps({"findings": FOUND}).encode()


def test_findings_are_on_the_card_and_in_the_metrics_as_long_as_they_are_fresh(tmp_path: Path) -> None:
    powder = Fabricated(tmp_path, "POWDER")
    powder.say()
    at = datetime.now().astimezone()
    view = View(id="powder", name="POWDER", status=powder.status)
    assert card(view, at)["findings"] is None
    assert b"livereduce_findings{" not in metrics_text([view], at)
    seen = View(id="powder", name="POWDER", status=powder.status, named=named_in(BODY, at))
    assert card(seen, at)["findings"] == 3
    text = metrics_text([seen], at).decode()
    assert 'livereduce_findings{instrument="powder",kind="dead",what="pixel"} 2.0' in text
    assert text.count("livereduce_findings{") == len(KINDS) * len(WHATS)
    later = at + timedelta(seconds=GOOD_S + 1)
    assert card(seen, later)["findings"] is None
    assert b"livereduce_findings{" not in metrics_text([seen], later)
    assert card(judge_down(seen, "it is gone", at), at)["findings"] is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"findings": [3]}', b'{"findings": 7}', b"\xff"])
def test_another_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="not the findings of a viewer"):
        named_in(body, datetime.now().astimezone())
