"""The compiled loop that finds where groups of events begin."""

from livereduce.stream.compiled import kernel


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
                if is_logarithmic:
                    while x[i] >= end:
                        end *= 1 + tolerance
                else:
                    end = x[i] + tolerance
    return groups
