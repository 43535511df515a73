"""Decorator for compiled kernels: explicit signatures, read-only inputs, no GIL, cached on disk.

A kernel is compiled, or loaded from the cache, when it is first called: a machine without compiled kernels waits for
those that its data need, not for all. `livereduce.stream.compiling` loads some ahead, and tells of it.
The cache lies where `livereduce.base.kernel_cache` says.
"""

import logging
import os
import pickle
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.core.compiler_lock import global_compiler_lock
from numba.extending import intrinsic, typeof_impl

from livereduce.base.kernel_cache import kernel_cache

Function = Callable[..., Any]

log = logging.getLogger("livereduce.stream")

_SCALARS = {
    "u1": types.uint8,
    "u2": types.uint16,
    "u4": types.uint32,
    "u8": types.uint64,
    "i4": types.int32,
    "i8": types.int64,
    "f4": types.float32,
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


class Kernel:
    """A function that is compiled when it is first called, by Python or from another kernel; made by `kernel`."""

    def __init__(self, function: Function, signature: Any) -> None:
        self.__name__, self.__module__, self.__doc__ = function.__name__, function.__module__, function.__doc__
        self._function, self._signature = function, signature
        self._compiled: Function | None = None

    def __call__(self, *arguments: Any) -> Any:
        """Call it with arrays and numbers of exactly the types that were declared."""
        compiled = self._compiled
        return (self.compiled() if compiled is None else compiled)(*arguments)

    def compiled(self) -> Function:
        """The compiled function: from this process, the cache, or compiled now."""
        with global_compiler_lock:  # numba's own: a lock of ours would be taken in another order by another thread
            if self._compiled is None:
                self._compiled = self._from_cache() or self._made(is_cached=False)
            return self._compiled

    def _from_cache(self) -> Function | None:
        """The compiled function by way of the cache; None without one, or where the disk is full or a file broken."""
        folder = _cache_folder()
        if folder is None:
            return None
        before, config.CACHE_DIR = config.CACHE_DIR, str(folder)  # type: ignore[attr-defined]
        try:
            return self._made(is_cached=True)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            log.warning("compiled without the cache, which can be deleted (%s): %s", folder, error)
            return None
        finally:
            config.CACHE_DIR = before  # type: ignore[attr-defined]

    def _made(self, *, is_cached: bool) -> Function:
        compile_it = numba.njit(self._signature, cache=is_cached, nogil=True, error_model="numpy")
        compiled: Function = compile_it(self._function)
        return compiled


@cache
def _cache_folder() -> Path | None:
    """The folder of the cache; decided, and said, once in a process."""
    found = kernel_cache(os.environ)
    for sentence in found.refused:
        log.warning("%s", sentence)
    if found.folder is None:
        log.warning("no folder for compiled kernels: they are compiled again at each start")
    return found.folder


declared: list[Kernel] = []
"""The kernels of all modules imported so far, in the order of their declaration."""


@typeof_impl.register(Kernel)
def _type_of_kernel(kernel: Kernel, _context: Any) -> Any:
    """What a kernel is to numba, when another kernel calls it."""
    return types.Dispatcher(kernel.compiled())


def kernel(result: str, *arguments: str) -> Callable[[Function], Kernel]:
    """Declare a function that is compiled before its first call.

    Types are codes as in `_argument`; an empty `result` means that nothing is returned.
    Arrays must be C-contiguous. A kernel never allocates and never raises: its caller checks the bounds, or its result
    reports them.
    """
    returns = _argument(result) if result else types.none
    signature = returns(*map(_argument, arguments))

    def declare(function: Function) -> Kernel:
        declared.append(Kernel(function, signature))
        return declared[-1]

    return declare


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
