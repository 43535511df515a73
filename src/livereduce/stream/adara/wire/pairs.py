"""Events on the wire to two columns, eight at a time: compilers do not find this form by themselves.

They turn a loop over single events into vectors only behind checks that input and output do not overlap, and take what
remains of a division by 32 one by one; the sections of real packets are often shorter than that.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

from livereduce.stream.adara.wire.layout import EVENT_WORDS, MAX_TICKS, TICK_NS

WIDTH = 8
_I32 = ir.IntType(32)


def _converter(width: int) -> Callable[..., Any]:
    """An intrinsic that converts the `width` events from ``words[at]`` on into ``tof_ns[to:]`` and ``pixel[to:]``.

    `shift` is added to their times and is at most `MAX_TICKS`. Beyond an array nothing is checked, except with numba's
    bounds checks: then it raises IndexError, as an index does.
    """
    lanes, pairs = ir.VectorType(_I32, width), ir.VectorType(_I32, EVENT_WORDS * width)

    def every(value: int) -> ir.Constant:
        return ir.Constant(lanes, [ir.Constant(_I32, value)] * width)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        def place(array: int, index: int, kind: ir.VectorType) -> Any:
            view = context.make_array(signature.args[array])(context, builder, arguments[array])
            first = arguments[index]
            if context.enable_boundscheck:
                last = builder.add(first, first.type(kind.count - 1))
                cgutils.do_boundscheck(context, builder, last, builder.extract_value(view.shape, 0))  # type: ignore[no-untyped-call]
            return builder.bitcast(builder.gep(view.data, [first]), kind.as_pointer())

        def column(word: int) -> Any:
            chosen = ir.Constant(lanes, [ir.Constant(_I32, EVENT_WORDS * k + word) for k in range(width)])
            return builder.shuffle_vector(events, ir.Constant(pairs, ir.Undefined), chosen)

        def at_most(ticks: Any) -> Any:
            return builder.select(builder.icmp_unsigned("<", ticks, every(MAX_TICKS)), ticks, every(MAX_TICKS))

        nothing = ir.Constant(lanes, ir.Undefined)
        events = builder.load(place(0, 1, pairs), align=4)
        shift = builder.shuffle_vector(builder.insert_element(nothing, arguments[5], _I32(0)), nothing, every(0))
        ticks = at_most(builder.add(at_most(column(0)), shift))
        builder.store(builder.mul(ticks, every(TICK_NS)), place(2, 4, lanes), align=4)
        builder.store(column(1), place(3, 4, lanes), align=4)
        return context.get_dummy_value()

    def convert(_typing: Any, words: Any, at: Any, tof_ns: Any, pixel: Any, to: Any, shift: Any) -> Any:  # noqa: ARG001
        return types.void(words, types.uint64, tof_ns, pixel, types.uint64, types.uint32), generate

    converter: Callable[..., Any] = intrinsic(convert)
    return converter


_convert_many, _convert_one = _converter(WIDTH), _converter(1)


@register_jitable(inline="always")
def convert_events(words: Any, at: Any, n: Any, shift: Any, tof_ns: Any, pixel: Any, to: Any) -> None:
    """Convert `n` events from ``words[at]`` on into ``tof_ns[to:]`` and ``pixel[to:]``; columns of equal length.

    Up to seven rows behind them are overwritten too where there are so many, so these must not be in use yet.
    """
    per, width, one = np.uint64(EVENT_WORDS), np.uint64(WIDTH), np.uint64(1)
    added = min(shift, np.uint32(MAX_TICKS))
    many = (n + width - one) & ~(width - one)
    if at + per * many > np.uint64(words.size) or to + many > np.uint64(tof_ns.size):
        many = n & ~(width - one)
    i = np.uint64(0)
    while i < many:
        _convert_many(words, at + per * i, tof_ns, pixel, to + i, added)
        i += width
    while i < n:
        _convert_one(words, at + per * i, tof_ns, pixel, to + i, added)
        i += one
