"""What ``mantid.kernel`` has: settings, log, properties and their validators.

Each object is imported from here when a script asks for its name (`../provided.py`).
Read `logger.py` first.
"""
