"""All that has been accumulated: normalise by proton charge, so that the pattern does not grow with time."""

import scipp as sc

charge_uah = input.run().getProtonCharge()
if charge_uah > 0:
    result = input.clone()
    result.data = input.data / sc.scalar(charge_uah, unit="hour*microampere")
    output = result
