import copy
import json
import pickle

import pytest

from livereduce.scripting.output_name import OutputName


class Found:
    def title_of(self) -> str:
        return "run 5"


def test_it_is_the_name_and_then_the_workspace() -> None:
    store: dict[str, Found] = {}
    output = OutputName.among(store, "result")
    assert (output, hash(output), f"{output}", json.dumps(output)) == ("result", hash("result"), "result", '"result"')
    with pytest.raises(AttributeError, match=r"'str' object has no attribute 'title_of'.*no workspace"):
        output.title_of()
    store["result"] = Found()
    assert output.title_of() == "run 5"
    with pytest.raises(AttributeError, match="'Found' object has no attribute 'title_off'"):
        output.title_off()


def test_a_copy_is_a_text() -> None:
    output = OutputName.among({"result": Found()}, "result")
    assert [type(one) for one in (copy.copy(output), copy.deepcopy(output), pickle.loads(pickle.dumps(output)))] == [
        str
    ] * 3
