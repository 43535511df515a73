"""NeXus event files, read and checked. Start with `read_event_file` in `event_file.py`.

Every field is read through `fields.py`, which knows its type, shape, unit and range, and reports a bad one with file,
path, index, what was expected and what was found. `EventFile.notes` lists what is left out or changed.
"""
