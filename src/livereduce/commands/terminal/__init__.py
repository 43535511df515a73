"""What several commands print on a terminal: rows, findings, a plot of characters, a progress bar.

Read `script_rows.py` first. Each function returns lines or draws one thing; none of them decides what a command does.
"""
