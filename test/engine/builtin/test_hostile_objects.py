"""Objects of a script that raise from whatever they are asked: its call fails, and the service goes on."""

from pathlib import Path

import pytest

from helpers.bench import batch, bench, end, job, start

HOSTILE = """
class Hostile:
    def fail(self, *args, **kwargs):
        raise SystemError("hostile")
    __eq__ = __len__ = __bool__ = __array__ = __repr__ = __str__ = __float__ = __iter__ = __index__ = fail
    __hash__ = object.__hash__

class Nameless(Hostile):
    def __getattr__(self, name):
        raise SystemError("hostile")

class Classless(Hostile):
    __class__ = property(Hostile.fail)

"""
CALLS = {
    "a list of numbers": ("Rebin(input, Hostile(), OutputWorkspace=output)", "Params must be"),
    "a flag": ("Rebin(input, '0,1,10', PreserveEvents=Hostile(), OutputWorkspace=output)", "PreserveEvents must be"),
    "a workspace": ("Rebin(Nameless(), '0,1,10', OutputWorkspace=output)", "InputWorkspace must be"),
    "StoreInADS": ("Rebin(input, '0,1,10', StoreInADS=Nameless())", "StoreInADS must be"),
    "a text": ("AddSampleLog(input, Hostile(), '1')", "LogName must be"),
    "beam monitors": ("input.setMonitorWorkspace(Hostile())", "setMonitorWorkspace: a workspace"),
    "a member": ("GroupWorkspaces([input], OutputWorkspace='g').addWorkspace(Hostile())", "addWorkspace: a workspace"),
    "the output": ("mtd[output] = Hostile()", "output is a Hostile"),
    "an output without a class": ("mtd[output] = Classless()", "hostile"),
    "a name": ("mtd[output] = Nameless()", "hostile"),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("step", ["proc", "post_proc"])
def test_a_hostile_object_is_an_error_of_the_script(step: str, name: str, tmp_path: Path) -> None:
    call, words = CALLS[name]
    made = bench(job(tmp_path, **{step: f"{HOSTILE}\n{call}\n"}))
    made.play([start(5), batch(5, 1, 2)], [batch(5, 3)], [end(5)])
    progress = made.engine.poll(0.0)
    assert words in progress.last_errors[step]
    assert progress.total.contained == 0, "the script is to blame, not livereduce"
