"""Render answers: JSON, CSV, PNG, Prometheus text. Bounded in memory and time.

Read `reading.py` first.
"""
