"""The compiled loops that find groups of events and join them."""

import numba

from livereduce.stream.compiled import kernel

LEAST_X = 1e-100
"""Logarithmic bins that grow from less would never reach the other events: they begin at the growth itself."""


@numba.njit(inline="always")
def _least_end(least, tolerance):  # type: ignore[no-untyped-def]
    return least if least >= LEAST_X else tolerance


@numba.njit(inline="always")
def _end_of(x, end, tolerance, is_logarithmic):  # type: ignore[no-untyped-def]
    """Where the group that begins with this event ends."""
    if not is_logarithmic:
        return x + tolerance
    while x >= end:
        end *= 1 + tolerance
    return end


@kernel("i8", "f8[]", "i8[]", "f8[]", "f8", "b1", "i8[=]")
def group_starts(x, first, least, tolerance, is_logarithmic, starts):  # type: ignore[no-untyped-def]
    """Find the first event of each group in lists of events that are in order; returns how many groups there are.

    List k is ``x[first[k]:first[k + 1]]``. A linear group ends behind its first x + `tolerance`, which belongs to it;
    a logarithmic one before the next edge of the bins that begin at ``least[k]``. `starts` is as long as `x`.
    """
    groups = 0
    for k in range(first.size - 1):
        end = least[k]
        for i in range(first[k], first[k + 1]):
            is_in = x[i] < end if is_logarithmic else x[i] <= end
            if i == first[k] or not is_in:
                starts[groups] = i
                groups += 1
                end = _end_of(x[i], end, tolerance, is_logarithmic)
    return groups


@kernel("i8", "f8[]", "i8[]", "f8", "b1", "i8[=]")
def count_groups(x, first, tolerance, is_logarithmic, first_group):  # type: ignore[no-untyped-def]
    """Count the groups of `group_starts` where bins begin at the least x of a list; returns how many there are.

    `first_group` becomes what `first` is for events.
    """
    groups = 0
    for k in range(first.size - 1):
        first_group[k] = groups
        end = _least_end(x[first[k]], tolerance) if first[k] < first[k + 1] else 0.0
        for i in range(first[k], first[k + 1]):
            if i == first[k] or not (x[i] < end if is_logarithmic else x[i] <= end):
                groups += 1
                end = _end_of(x[i], end, tolerance, is_logarithmic)
    first_group[first.size - 1] = groups
    return groups


@kernel("", "f8[]", "i8[]", "f8", "b1", "f8[=]", "f8[=]")
def join_groups(x, first, tolerance, is_logarithmic, mean, count):  # type: ignore[no-untyped-def]
    """Join the groups that `count_groups` has counted: mean of x and number of events of each."""
    group = -1
    for k in range(first.size - 1):
        end = _least_end(x[first[k]], tolerance) if first[k] < first[k + 1] else 0.0
        for i in range(first[k], first[k + 1]):
            if i == first[k] or not (x[i] < end if is_logarithmic else x[i] <= end):
                group += 1
                end = _end_of(x[i], end, tolerance, is_logarithmic)
                mean[group], count[group] = x[i], 1
            else:
                mean[group] += x[i]
                count[group] += 1
    for group in range(mean.size):
        mean[group] /= count[group]
