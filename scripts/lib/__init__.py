"""What scripts/compare and scripts/soak share: starting a server, reading /proc, uploading, counting what was stored.

Python's standard library and Linux's /proc only; sizes in bytes, times in seconds, MB and GB are powers of ten.
"""
