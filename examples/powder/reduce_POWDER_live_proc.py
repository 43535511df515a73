"""Each chunk: focus the events of all pixels into one pattern over d-spacing."""

import numpy as np
import scipp as sc

# The simulated diffractometer: 4096 pixels on a ring, two-theta rising evenly from 30 to 150 degrees, 15 m of flight.
two_theta = np.radians(np.linspace(30.0, 150.0, 4096))
us_per_angstrom = 252.7784 * 15.0 * 2 * np.sin(two_theta / 2)

edges = np.linspace(0.5, 2.3, 361)
events = input.events
d = events.tof_ns / 1000 / us_per_angstrom[events.pixel]
counts = np.histogram(d, edges)[0].astype(float)

# `output` names the workspace that `input` is: what is put into it is what the chunk becomes.
input.data = sc.DataArray(
    sc.array(dims=["d"], values=counts, variances=counts, unit="counts"),
    coords={"d": sc.array(dims=["d"], values=edges, unit="angstrom")},
)
print(f"focused {events.n} events of run {input.getRunNumber()}")
