"""The inner loop of rebinning histograms, compiled."""

from livereduce.stream.compiled import kernel

_OLD = ("f8[]", "i8[]", "f8[]", "f8[]", "i8[]")
_NEW = ("f8[]", "i8[]", "i8[]", "f8[=]", "f8[=]")


@kernel("", *_OLD, *_NEW, "b1", "b1[=]")
def rebin_rows(x, x_start, y, e, first, edges, edges_start, new_first, new_y, new_e, is_distribution, invalid):  # type: ignore[no-untyped-def]
    """Put each spectrum into its new bins, in the order of Mantid's loop, so that sums agree to the last bit.

    `new_y` and `new_e` must be 0. A spectrum with a bin without positive width is marked in `invalid`, and stays 0.
    """
    for row in range(first.size - 1):
        old, olds = x_start[row], first[row + 1] - first[row]
        new, news = edges_start[row], new_first[row + 1] - new_first[row]
        to = new_first[row]
        for i in range(olds):
            invalid[row] |= not x[old + i + 1] > x[old + i]
        for j in range(news):
            invalid[row] |= not edges[new + j + 1] > edges[new + j]
        if invalid[row]:
            continue
        i, j = 0, 0
        while i < olds and j < news:
            low, high = x[old + i], x[old + i + 1]
            new_low, new_high = edges[new + j], edges[new + j + 1]
            if new_high <= low:
                j += 1
            elif high <= new_low:
                i += 1
            else:
                overlap = min(high, new_high) - max(low, new_low)
                value, error = y[first[row] + i], e[first[row] + i]
                if is_distribution:
                    new_y[to + j] += value * overlap
                    new_e[to + j] += error * error * overlap * (high - low)
                else:
                    new_y[to + j] += value * overlap / (high - low)
                    new_e[to + j] += error * error * overlap / (high - low)
                if new_high > high:
                    i += 1
                else:
                    j += 1
        for j in range(news):
            new_e[to + j] = new_e[to + j] ** 0.5
            if is_distribution:
                per_width = 1 / (edges[new + j + 1] - edges[new + j])
                new_y[to + j] *= per_width
                new_e[to + j] *= per_width
