"""PyTorch's side of bench_train: answers questions on stdin with images a second.

    NET BATCH SAMPLES sgd|adam LAYOUT THREADS SECONDS

LAYOUT 0: as it comes. 1: nets of maps in channels-last order, other nets with one update for
all parameter arrays (foreach). One thread is timed by its processor time.
"""

import ctypes
import sys
import time

try:
    import torch
    from torch import nn
except ImportError:
    print("absent: no python3-torch", flush=True)
    sys.exit()


def fnn(widths):
    layers = []
    for i, o in zip(widths, widths[1:]):
        layers += [nn.Linear(i, o), nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def cal(widths):
    layers, before, side = [], 3, 32
    for width in widths:
        side -= 2
        layers += [nn.Conv2d(before, width, 3)]
        layers += [nn.LayerNorm((width, side, side), elementwise_affine=False)]
        layers += [nn.Tanh(), nn.MaxPool2d(3, 2)]
        before, side = width, (side - 3) // 2 + 1
    layers += [nn.AdaptiveAvgPool2d(6), nn.Flatten(), nn.Linear(36 * before, 10)]
    return nn.Sequential(*layers)


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def vgg():
    layers, before = [], 3
    for width in 32, 64:
        for _ in range(2):
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
            before = width
        layers += [nn.MaxPool2d(2)]
    layers += [nn.Flatten(), nn.Linear(4096, 256), nn.ReLU(), nn.Linear(256, 10)]
    return nn.Sequential(*layers)


# Name: net, shape of a sample, classes.
NETS = {
    "fnn": (lambda: fnn([784, 1024, 20, 20, 20, 10]), (784,), 10),
    "szt": (lambda: fnn([12, 10, 7, 5, 4, 3, 2]), (12,), 2),
    "lenet": (lenet, (1, 28, 28), 10),
    "cal8": (lambda: cal([8, 16, 32]), (3, 32, 32), 10),
    "cal32": (lambda: cal([32, 64, 128]), (3, 32, 32), 10),
    "vgg": (vgg, (3, 32, 32), 10),
}


def set_threads(n):
    """Threads of PyTorch, and of the OpenBLAS below it, which it does not set itself."""
    torch.set_num_threads(n)
    try:
        ctypes.CDLL("libblas.so.3").openblas_set_num_threads(n)
    except (OSError, AttributeError):
        pass


class Workload:
    """One net in one layout, with its samples and its optimiser."""

    def __init__(self, name, batch, samples, optimiser, other):
        make, shape, classes = NETS[name]
        self.batch, self.at = batch, 0
        self.net = make()
        self.x = torch.rand(samples, *shape)
        self.y = torch.arange(samples) % classes
        if other and len(shape) == 3:
            self.net = self.net.to(memory_format=torch.channels_last)
            self.x = self.x.contiguous(memory_format=torch.channels_last)
        foreach = bool(other and len(shape) == 1)
        if optimiser == "adam":
            self.opt = torch.optim.Adam(self.net.parameters(), lr=4e-4, foreach=foreach)
        else:
            self.opt = torch.optim.SGD(self.net.parameters(), lr=1e-3, momentum=0.9,
                                       foreach=foreach)

    def step(self):
        at, to = self.at, self.at + self.batch
        self.opt.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(self.net(self.x[at:to]), self.y[at:to])
        loss.backward()
        self.opt.step()
        self.at = to % len(self.x)

    def speed(self, seconds, clock):
        time.sleep(0.04)
        self.step()
        start, steps = clock(), 0
        while True:
            self.step()
            steps += 1
            used = clock() - start
            if used >= seconds:
                return steps * self.batch / used


def answer(line, cache):
    name, batch, samples, optimiser, layout, threads, seconds = line.split()
    key = name, int(batch), int(samples), optimiser
    if cache.get("key") != key:
        cache.clear()
        cache["key"] = key
    if layout not in cache:
        cache[layout] = Workload(*key, layout == "1")
    set_threads(int(threads))
    return cache[layout].speed(
        float(seconds), time.process_time if threads == "1" else time.perf_counter)


def main():
    torch.manual_seed(1)
    cache = {}
    print("ready:", torch.__version__, flush=True)
    for line in sys.stdin:
        try:
            print(answer(line, cache), flush=True)
        except (RuntimeError, ValueError, KeyError) as fault:
            print("error:", str(fault).splitlines()[0], flush=True)


main()
