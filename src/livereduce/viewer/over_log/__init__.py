"""Curves over a log: what was counted at each value of a process variable or in each scan, exact for every pulse. Pure.

A pulse belongs to the last value of the log at or before it. Nothing is interpolated.
Read `curves.py` first.
"""
