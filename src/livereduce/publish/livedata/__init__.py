"""Plots for the facility's live data server: drawn, scheduled and uploaded without ever blocking the reduction.

Read `schedule.py` first (a pure function: which plot is next, and when), then `sender.py`.
"""
