"""How quick this machine is today, so that the figures of two days can be compared."""

import os
import statistics
import tempfile
import time
from pathlib import Path

ADDITIONS = 10_000_000
WRITES = 20


def described(folder: Path) -> str:
    """In a line: pure Python, by the clock and by the processor's own time, and a write that is waited for.

    The two times of the first differ by what other programs took of the processor meanwhile.
    """
    clock, processor = _adding()
    return (
        f"this machine today: {ADDITIONS:,} additions in {clock:.2f} s ({processor:.2f} s of processor time), "
        f"a write to the data folder in {_writing(folder) * 1000:.1f} ms"
    )


def _adding() -> tuple[float, float]:
    begun, used = time.perf_counter(), time.process_time()
    total = 0
    for number in range(ADDITIONS):
        total += number
    return time.perf_counter() - begun, time.process_time() - used


def _writing(folder: Path) -> float:
    """The median time of a small write with its fsync, as each commit of a database waits for one."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _write in range(WRITES):
            begun = time.perf_counter()
            os.write(file.fileno(), b"nappage\n")
            os.fsync(file.fileno())
            times.append(time.perf_counter() - begun)
    return statistics.median(times)
