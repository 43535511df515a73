"""Views of the events of a run: detector, regions, curves over a log; what they show is counted by another process.

Read `saving.py` first.
"""
