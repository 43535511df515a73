"""What ``mantid.utils`` and the helpers in ``mantid.kernel`` have that does not need Mantid.

Each object is imported from here when a script asks for its name (`../provided.py`).
Read `helpers.py` first.
"""
