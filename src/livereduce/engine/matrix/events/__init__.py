"""Events of a matrix: the stream's columns with what is pending, lists that were carried out, and changes of both.

`passes/` has the compiled loops; nothing else looks at events one by one.
Read `event_pass.py` first, then `event_changes.py`.
"""
