"""Live reduction of neutron scattering data, from the stream of the data acquisition system to results."""

from livereduce.scripting.metric import metric
from livereduce.scripting.parameter import parameter

__all__ = ["metric", "parameter"]
__version__ = "2.0.0.dev0"
