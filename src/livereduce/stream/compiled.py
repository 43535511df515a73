"""Decorator for compiled kernels: explicit signatures, read-only inputs, no GIL, cached on disk.

An explicit signature compiles (or loads from the cache) at import, so that the first chunk is not the slow one.
The cache lies where ``NUMBA_CACHE_DIR`` says; the daemon sets it to the state directory.
"""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

Function = Callable[..., Any]

_SCALARS = {
    "u1": types.uint8,
    "u2": types.uint16,
    "u4": types.uint32,
    "u8": types.uint64,
    "i4": types.int32,
    "i8": types.int64,
    "f8": types.float64,
    "b1": types.boolean,
}


def _argument(code: str) -> Any:
    """The numba type of an argument code.

    ``i8`` is a scalar; ``i8[]`` an array that may be read-only; ``i8[=]`` an array that is written to; ``[,]`` and
    ``[=,]`` the same in two dimensions.
    """
    if "[" not in code:
        return _SCALARS[code]
    kind, _, shape = code.partition("[")
    return types.Array(_SCALARS[kind], 2 if "," in shape else 1, "C", readonly="=" not in shape)


def kernel(result: str, *arguments: str) -> Callable[[Function], Function]:
    """Compile a function ahead of its first call.

    Types are codes as in `_argument`; an empty `result` means that nothing is returned.
    Arrays must be C-contiguous. A kernel never allocates and never raises: its caller checks the bounds, or its result
    reports them.
    """
    returns = _argument(result) if result else types.none
    signature = returns(*map(_argument, arguments))

    def compile_it(function: Function) -> Function:
        compiled: Function = numba.njit(signature, cache=True, nogil=True, error_model="numpy")(function)
        return compiled

    return compile_it


def _prefetch(_typing: Any, array: Any, _index: Any) -> Any:
    """Prefetch the cache line of ``array[index]`` (1-D). Nothing is loaded, so an index beyond the end does no harm.

    Walking packets is a chain of loads, each waiting for the one before. Without the prefetch it runs at the latency of
    the memory instead of its bandwidth (measured: five times slower on data that is not in the cache).
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, arguments[0])
        address = builder.bitcast(builder.gep(view.data, [arguments[1]]), cgutils.voidptr_t)
        i32 = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, i32, i32, i32])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
        builder.call(function, [address, i32(0), i32(3), i32(1)])
        return context.get_dummy_value()

    return types.void(array, types.uint64), generate


prefetch: Any = intrinsic(_prefetch)
