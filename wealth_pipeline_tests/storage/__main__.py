"""`python -m wealth_pipeline_tests.storage [order] [readers] [crashes] [rebuild]`: all of them without a word."""

import os
import sys
import time

from wealth_pipeline_tests.storage import crashes, order, readers, rebuild

RUNS = {
    "order": lambda tell: order.run(200, 5, tell),
    "readers": lambda tell: readers.run(200, 20, 8, tell),
    "crashes": lambda tell: crashes.run(200, tell),
    "rebuild": lambda tell: rebuild.run(2000, tell),
}

if __name__ == "__main__":
    os.environ |= {"DAGSTER_DISABLE_TELEMETRY": "1"}
    for name in sys.argv[1:] or RUNS:
        begun = time.monotonic()
        RUNS[name](lambda line, name=name: print(f"{name}: {line}", flush=True))  # noqa: T201
        print(f"{name}: passed in {time.monotonic() - begun:.0f} s.", flush=True)  # noqa: T201
