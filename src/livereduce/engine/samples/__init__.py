"""Made-up data with an instrument of their own, as Mantid's worked examples use them.

Read `curves.py` first, then `sample_data.py`. Source: Mantid Framework/Algorithms/src/CreateSampleWorkspace.cpp.
"""
