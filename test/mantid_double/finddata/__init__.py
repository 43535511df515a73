"""The site's library of plots, where Mantid runs: what is published is noted in the record, and goes nowhere."""

from finddata.publish_plot import publish_plot

__all__ = ["publish_plot"]
