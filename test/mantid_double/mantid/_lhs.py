"""Whether, and to which names, a caller assigns the value of its call: simpleapi names outputs by it."""

import dis
from types import FrameType

_STORES = {"STORE_NAME", "STORE_FAST", "STORE_GLOBAL", "STORE_DEREF", "STORE_ATTR", "STORE_SUBSCR"}


def assigned_names(frame: FrameType) -> list[str]:
    """The names on the left of the call that `frame` is at; empty if the value is dropped or used otherwise."""
    following = [step for step in dis.get_instructions(frame.f_code) if step.offset > frame.f_lasti]
    following = [step for step in following if step.opname != "CACHE"]
    if not following:
        return []
    first = following[0]
    if first.opname == "UNPACK_SEQUENCE":
        stores = following[1 : 1 + int(first.arg or 0)]
        return [str(step.argval) for step in stores if step.opname in _STORES]
    if first.opname == "COPY":  # a = b = call()
        first = following[1]
    if first.opname == "STORE_FAST_STORE_FAST" or first.opname == "STORE_FAST_LOAD_FAST":
        return [str(first.argval[0])]
    return [str(first.argval)] if first.opname in _STORES else []
