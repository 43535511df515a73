"""All that has been accumulated: normalise by proton charge, so that the pattern does not grow with time."""

import scipp as sc

import livereduce

charge_uah = input.run().getProtonCharge()
if charge_uah > 0:
    result = input.clone()
    result.data = input.data / sc.scalar(charge_uah, unit="hour*microampere")
    output = result

    # The (111) reflection above what lies beside it: a number to be watched over time, with its error.
    angstrom = sc.Unit("angstrom")
    peak = result.data["d", 2.03 * angstrom : 2.09 * angstrom].sum()
    beside = result.data["d", 2.12 * angstrom : 2.18 * angstrom].sum()
    area = peak - beside
    livereduce.metric("peak_111", area.value, area.variance**0.5, units="counts/µAh")

    # Two more results beside the pattern, each shown as it asks for.
    livereduce.product("low_d", result, title="short d-spacings", x_range=(0.5, 1.0), y_log=True)
    livereduce.product("numbers", {"peak (111)": area, "background (111)": beside, "charge (µAh)": charge_uah})
