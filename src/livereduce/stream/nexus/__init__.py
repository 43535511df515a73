"""NeXus event files, read and checked.

Every field is read through `fields.py`, which knows its type, shape, unit and range, and reports a bad one with file,
path, index, what was expected and what was found. `EventFile.notes` lists what is left out or changed.
Read `event_file.py` first: `read_event_file` is the entry point.
"""
