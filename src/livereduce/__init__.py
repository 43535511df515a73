"""Live reduction of neutron scattering data, from the stream of the data acquisition system to results."""

from livereduce.scripting.parameter import parameter
from livereduce.scripting.reporting.metric import metric
from livereduce.scripting.reporting.product import product

__all__ = ["metric", "parameter", "product"]
__version__ = "2.0.0.dev0"
