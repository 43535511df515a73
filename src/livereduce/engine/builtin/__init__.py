"""The engine that needs nothing but pip: live loop, workspaces, accumulation on numpy, numba and scipp."""
