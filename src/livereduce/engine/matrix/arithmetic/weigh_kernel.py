"""The loop over events that are multiplied with, or divided by, the bins that they are in; compiled."""

from livereduce.stream.compiled import kernel

_EVENTS = ("f8[]", "i8[]", "b1[]")
_BINS = ("f8[]", "i8[]", "i8[]", "i8[]", "f8[]", "f8[]")


@kernel("", *_EVENTS, *_BINS, "b1", "f8[=]", "f8[=]")
def weigh(x_of, first, chosen, edges, edges_start, bins, values_start, y, e, is_divided, weight, variance):  # type: ignore[no-untyped-def]
    """Change `weight` and `variance` of the events of the chosen spectra; events outside of the bins stay.

    For each spectrum its edges begin at `edges_start`, and its values at `values_start`; it has as many `bins`. A
    divisor of 0 makes NaN.
    """
    for row in range(first.size - 1):
        start, values, last = edges_start[row], values_start[row], edges_start[row] + bins[row]
        if not chosen[row] or bins[row] < 1:
            continue
        for k in range(first[row], first[row + 1]):
            x = x_of[k]
            if not (x >= edges[start] and x < edges[last]):
                continue
            low, high = start, last
            while high - low > 1:
                middle = (low + high) // 2
                if edges[middle] <= x:
                    low = middle
                else:
                    high = middle
            value, error, w = y[values + low - start], e[values + low - start], weight[k]
            if is_divided:
                inverse = 1 / value if value != 0 else float("nan")
                relative = error * inverse
                variance[k] = (variance[k] + (w * relative) ** 2) * inverse * inverse
                weight[k] = w * inverse
            else:
                variance[k] = variance[k] * value * value + w * w * error * error
                weight[k] = w * value
