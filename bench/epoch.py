"""Least seconds of one epoch of full-batch gradient descent on 20 two-layer linear networks
at d = 500, in PyTorch with dense batched products, in both precisions, as JSON.

With --checkout and --epoch the epoch of other code is measured: MODULE:FUNCTION is
imported with the checkout on the module path and called as FUNCTION(n, d, instances);
it returns a function that runs one epoch."""

import argparse
import importlib
import json
import os
import sys
import time

import torch


def dense(n, d, instances):
    """One epoch of ours, in the default precision of torch."""
    generator = torch.Generator().manual_seed(1)

    def normal(*shape):
        return torch.randn(*shape, generator=generator)

    x, y = normal(instances, n, d), normal(instances, n, 1)
    weights = [(0.01 * normal(instances, d, d) / d**0.5).requires_grad_(), (0.01 * normal(instances, d, 1)).requires_grad_()]
    optimizer = torch.optim.SGD(weights, lr=1e-3)

    def epoch():
        optimizer.zero_grad()
        out = x
        for w in weights:
            out = torch.bmm(out, w)
        (((out - y) ** 2).mean(dim=1).sum() / 2).backward()
        optimizer.step()

    return epoch


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", help="folder of the other code")
    parser.add_argument("--epoch", help="MODULE:FUNCTION in the checkout")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    args = parser.parse_args()
    if bool(args.checkout) != bool(args.epoch):
        parser.error("--checkout and --epoch go together")
    make = dense
    if args.checkout:
        sys.path.insert(0, args.checkout)
        module, _, function = args.epoch.partition(":")
        make = getattr(importlib.import_module(module), function)
    torch.set_num_threads(args.threads)
    out = []
    for bits, dtype in ((64, torch.float64), (32, torch.float32)):
        torch.set_default_dtype(dtype)
        for n in (50, 250, 1000):
            epoch = make(n, 500, 20)
            epoch()
            times = []
            while sum(times) < 3 or len(times) < 3:
                start = time.perf_counter()
                epoch()
                times.append(time.perf_counter() - start)
            out.append({"bits": bits, "n": n, "seconds": min(times)})
    json.dump({"torch": torch.__version__, "threads": args.threads, "epochs": out}, sys.stdout)


main()
