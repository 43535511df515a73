"""What ``mantid.api`` has beside workspaces: the store, algorithms as objects, algorithms of scripts, files.

Each object is imported from here when a script asks for its name (`../provided.py`).
Read `data_service.py` first.
"""
