"""The names to which a script assigns the value of a call: ``a = Rebin(b, …)`` names the output ``a``.

Mantid's simpleapi reads them from the bytecode of the caller, since a function cannot know otherwise; so do we.
"""

import dis
from functools import lru_cache
from types import CodeType, FrameType

_STORES = frozenset({"STORE_NAME", "STORE_FAST", "STORE_GLOBAL", "STORE_DEREF"})
_NO_STEPS = frozenset({"CACHE", "EXTENDED_ARG", "NOP"})
_PAIRS = frozenset({"STORE_FAST_STORE_FAST", "STORE_FAST_LOAD_FAST"})


def assigned_names(frame: FrameType) -> tuple[str, ...]:
    """Names on the left of the call that a frame is at; empty if the value is dropped or used in another way."""
    steps = [step for step in _steps(frame.f_code) if step.offset > frame.f_lasti]
    while steps and steps[0].opname == "COPY":  # a = b = call(): the first name counts
        steps = steps[1:]
    if not steps:
        return ()
    if steps[0].opname == "UNPACK_SEQUENCE":
        return _stored(steps[1:], int(steps[0].arg or 0))
    return _stored(steps, 1)


@lru_cache(maxsize=64)
def _steps(code: CodeType) -> tuple[dis.Instruction, ...]:
    return tuple(step for step in dis.get_instructions(code) if step.opname not in _NO_STEPS)


def _stored(steps: list[dis.Instruction], count: int) -> tuple[str, ...]:
    names: list[str] = []
    for step in steps:
        if step.opname in _STORES:
            names.append(str(step.argval))
        elif step.opname in _PAIRS:  # Python 3.13 stores two at once, or stores and loads
            names += [str(name) for name in step.argval]
            if step.opname == "STORE_FAST_LOAD_FAST":
                names.pop()
        else:
            break
        if len(names) >= count:
            break
    return tuple(names[:count]) if len(names) >= count else ()
