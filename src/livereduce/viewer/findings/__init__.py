"""What is wrong with the detector: pixels and banks that are hot, dead or noisy, and banks whose times of flight moved.

A *look* is what was counted in about a second of beam. `policy.step` takes one after the other and says what it finds;
it knows no clock, no stream and no process.
Read `policy.py` first.
"""
