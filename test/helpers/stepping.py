"""One harness for everything that decides: ``step(state, fact, now) -> (state, outputs)``.

It feeds random histories of facts with a manual clock, asserts that `step` is a function (the same arguments give the
same outputs, the old state is untouched), and lets the test look at every single step.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

Step = Callable[[Any, Any, float], tuple[Any, Sequence[Any]]]
Look = Callable[[Any, Any, float, Any, Sequence[Any]], None]


def histories(
    facts: st.SearchStrategy[Any], *, longest_wait_s: float = 100.0, most: int = 60
) -> st.SearchStrategy[Any]:
    """Lists of (seconds since the fact before, fact)."""
    waits = st.one_of(st.just(0.0), st.floats(0.0, longest_wait_s, allow_nan=False))
    return st.lists(st.tuples(waits, facts), max_size=most)


def run_history(
    step: Step, state: Any, history: Sequence[tuple[float, Any]], look: Look | None = None
) -> tuple[Any, list[Any]]:
    """Play a history from time 0; `look` gets (state before, fact, now, state after, outputs) of every step.

    Returns
    -------
    The last state and all outputs in order.
    """
    now = 0.0
    all_outputs: list[Any] = []
    for wait_s, fact in history:
        now += wait_s
        before = copy.deepcopy(state)
        after, outputs = step(state, fact, now)
        _, again = step(before, fact, now)
        assert repr(again) == repr(outputs), f"step is not a function of its arguments for {fact!r}"
        if look is not None:
            look(before, fact, now, after, outputs)
        state = after
        all_outputs.extend(outputs)
    return state, all_outputs
