"""NeXus event files, read and checked: `read_event_file` in `event_file.py` is the way in.

Every field is read through `fields.py`, which knows its type, shape, unit and range, and answers a bad one with file,
path, index, what was expected and what was found. What is left out or changed is said in `EventFile.notes`.
"""
