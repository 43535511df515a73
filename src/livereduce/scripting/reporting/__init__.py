"""What the scripts of a cycle report beside their output: metrics, products, figures, and what is wrong with them.

Scripts call `metric` and `product` (``livereduce.metric``). Each adds to the `CycleReport` of the running call, which
the engine publishes with the cycle's result. Standard library only: a script can be run anywhere with it.
Read `report.py` first.
"""
