"""From the XML of an instrument definition to components in places.

Read `document.py` first (what the definition says), then `assembling.py` (where that puts everything).
The text comes from the network: each step has limits, and whatever is wrong is a `GeometryError` that names the line.
"""
