"""Least seconds of the two matrix operations of a solve at d = 500, on one core in NumPy, as
JSON: the Gram matrix of 1000 points and its Cholesky factor."""

import json
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # trials run side by side
import numpy as np


def least(f):
    f()
    times = []
    while sum(times) < 2:
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


x = np.random.default_rng(1).standard_normal((1000, 500))
gram = x.T @ x
config = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
json.dump(
    {
        "blas": f"{config['name']} {config['version']}",
        "gram": least(lambda: x.T @ x),
        "cholesky": least(lambda: np.linalg.cholesky(gram)),
    },
    sys.stdout,
)
