#!/usr/bin/env python3
"""Expected values of szt-tanh and szt-relu from an implementation of its own, in NumPy.

    nice ./szt_nets.py tanh >szt-tanh.csv         # about 5 minutes of one processor

Task, net, initialiser, optimiser and estimators are written down here from their definitions:
nothing is shared with the program but the numbers of the preset. NETS nets are trained side
by side in float32; what is measured of them is computed in float64. A value is printed with
its mean and standard deviation over the nets, a trend with the share of nets that show it,
when most of them do. The columns are described in src/run/verify_expected.h.
"""
import sys

import numpy as np

NETS, EPOCHS, SHORT, BATCH, RATE = 20, 8000, 1000, 256, 4e-4
POINTS, SHORT_POINTS = {"tanh": 60, "relu": 30}, 25
WIDTHS = [12, 10, 7, 5, 4, 3, 2]
NAMES = ["fc1", "fc2", "fc3", "fc4", "fc5", "logits"]
KDE_VARIANCE, KDE_SAMPLES = 1e-3, {"tanh": 2000, "relu": 1000}

# Vertices of an icosahedron: the neighbours of each, and its antipode.
NEAR = ["1 3 5 10 11", "0 2 3 4 11", "1 3 4 8 9", "0 1 2 8 10", "1 2 6 9 11", "0 6 7 10 11",
        "4 5 7 9 11", "5 6 8 9 10", "2 3 7 9 10", "2 4 6 7 8", "0 3 5 7 8", "0 1 4 5 6"]
FAR = [9, 7, 5, 6, 10, 2, 3, 1, 11, 0, 4, 8]


def task():
    """All 4096 patterns; y = 1 iff k >= 8, or 2 e1 - e3 >= 14, 12, 15 for k = 5, 6, 7."""
    x = (np.arange(4096)[:, None] >> np.arange(11, -1, -1)) & 1
    near = np.zeros((12, 12), int)
    for i, words in enumerate(NEAR):
        near[i, [int(w) for w in words.split()]] = 1
    k = x.sum(1)
    e1 = np.einsum("ni,ij,nj->n", x, near, x) // 2
    e3 = sum(x[:, i] * x[:, FAR[i]] for i in range(12)) // 2
    least = np.select([k == 5, k == 6, k == 7], [14, 12, 15], 1000)
    y = ((k >= 8) | (2 * e1 - e3 >= least)).astype(int)
    assert y.sum() == 2118
    return x.astype(np.float64), y


def truncated(rng, sd, shape):
    """Normal numbers, drawn again beyond two standard deviations."""
    z = rng.standard_normal(shape)
    while (abs(z) > 2).any():
        z = np.where(abs(z) > 2, rng.standard_normal(shape), z)
    return (sd * z).astype(np.float32)


class Nets:
    """NETS nets side by side: arrays have a first axis for the net, samples are columns."""

    def __init__(self, activation, rng):
        self.tanh = activation == "tanh"
        self.w = [truncated(rng, u ** -0.5, (NETS, u, d)) for d, u in zip(WIDTHS, WIDTHS[1:])]
        self.b = [np.zeros((NETS, u, 1), np.float32) for u in WIDTHS[1:]]
        self.m = [np.zeros_like(p) for p in self.w + self.b]
        self.v = [np.zeros_like(p) for p in self.w + self.b]
        self.t = 0

    def outputs(self, x):
        """Of every layer, x (nets or 1, 12, n)."""
        out = [x]
        for i, (w, b) in enumerate(zip(self.w, self.b)):
            z = w @ out[-1] + b
            if i < len(self.w) - 1:
                z = np.tanh(z) if self.tanh else np.maximum(z, 0)
            out.append(z)
        return out[1:]

    def step(self, x, y):
        """Cross-entropy, its gradient and one step of Adam; y (nets, n)."""
        t = [x] + self.outputs(x)
        z = t[-1] - t[-1].max(1, keepdims=True)
        p = np.exp(z)
        g = p / p.sum(1, keepdims=True)
        g -= np.stack([y == 0, y == 1], 1)
        g /= np.float32(y.shape[1])
        dw, db = [], []
        for i in range(len(self.w) - 1, -1, -1):
            dw.insert(0, g @ t[i].transpose(0, 2, 1))
            db.insert(0, g.sum(2, keepdims=True))
            if i > 0:
                g = self.w[i].transpose(0, 2, 1) @ g
                g = g * (1 - t[i] * t[i]) if self.tanh else g * (t[i] > 0)
        self.t += 1
        up, low = np.float32(1 / (1 - 0.9 ** self.t)), np.float32(1 / (1 - 0.999 ** self.t))
        for p, d, m, v in zip(self.w + self.b, dw + db, self.m, self.v):
            m += np.float32(0.1) * (d - m)
            v += np.float32(0.001) * (d * d - v)
            p -= np.float32(RATE) * (m * up) / (np.sqrt(v * low) + np.float32(1e-8))


def logdet(a, beta):
    """1/2 log det(I + sqrt(beta) S sqrt(beta)) of the columns of a, a weight for each."""
    z = (a - a.mean(0)) * np.sqrt(beta)
    return 0.5 * np.linalg.slogdet(np.eye(a.shape[1]) + z.T @ z / len(a))[1]


def entropy(cells):
    """Of the rows of a table of whole numbers, in nats."""
    key = np.zeros(len(cells), np.int64)
    for c in cells.T:
        key = np.unique(key * 64 + c, return_inverse=True)[1]
    p = np.bincount(key) / len(key)
    return -(p[p > 0] * np.log(p[p > 0])).sum()


def bin_cells(t, tanh):
    if tanh:  # 30 edges from -1 to 1
        return np.clip(np.searchsorted(np.linspace(-1, 1, 30), t, side="right") - 1, 0, 29)
    low, high = t.min(), t.max()  # 30 cells over the range of the layer
    if low == high:
        return np.zeros(t.shape, np.int64)
    return np.clip(np.floor((t - low) / (high - low) * 30), 0, 29).astype(np.int64)


def kde(t):
    """Upper bound of I(X;T), in nats."""
    s = (t * t).sum(1)
    d = np.maximum(s[:, None] + s - 2 * t @ t.T, 0)
    return -np.log(np.exp(-d / (2 * KDE_VARIANCE)).mean(1)).mean()


def measure(t, x, y, tanh, some):
    """Everything about one layer of one net, t (4096, d); KDE when `some` samples are given."""
    d, own, rd = t.shape[1], 100.0 * t.shape[1], 1200.0
    both = np.hstack([x, t])
    out = {}
    h = logdet(t, own)
    out["I_XT", "logdet:beta=own"] = (logdet(x, rd) + h -
                                      logdet(both, np.r_[np.full(12, rd), np.full(d, own)]))
    out["I_TY_cond", "logdet:beta=own"] = h - sum(
        (y == c).mean() * logdet(t[y == c], own) for c in (0, 1))
    h = logdet(t, rd)
    out["I_XT", "logdet:beta=rd"] = logdet(x, rd) + h - logdet(both, rd)
    hot = np.stack([y == 0, y == 1], 1).astype(float)
    out["I_TY", "logdet:beta=rd"] = h + logdet(hot, rd) - logdet(np.hstack([t, hot]), rd)
    cells = bin_cells(t, tanh)
    h = entropy(cells)
    out["I_XT", "binning"] = h
    out["I_TY", "binning"] = h - sum((y == c).mean() * entropy(cells[y == c]) for c in (0, 1))
    if some is not None:
        out["I_XT", "kde"] = kde(t[some])
    return out


def spaced(epochs, points):
    return sorted({0, epochs} | {int(np.exp(i / (points - 1) * np.log(epochs)) + 0.5)
                                 for i in range(points)})


def tail(epochs):
    """The last tenth of the measured epochs, over which an end is averaged."""
    return epochs[-max(1, len(epochs) // 10):]


def train(activation):
    """Courses[net, layer][quantity][epoch] and the test accuracy at SHORT and EPOCHS."""
    rng = np.random.default_rng(2024)
    x, y = task()
    few, many = spaced(SHORT, SHORT_POINTS), spaced(EPOCHS, POINTS[activation])
    when, close = set(few + many), {0, *tail(few), *tail(many)}
    order = np.stack([rng.permutation(4096) for _ in range(NETS)])
    n = round(0.8 * 4096)
    rows, rest = order[:, :n], order[:, n:]
    nets, columns = Nets(activation, rng), np.ascontiguousarray(x.T, np.float32)
    courses = [[{} for _ in NAMES] for _ in range(NETS)]
    accuracy = {}
    for epoch in range(EPOCHS + 1):
        if epoch in when:
            outputs = nets.outputs(columns[None])
            hits = outputs[-1].argmax(1) == y
            accuracy[epoch] = np.take_along_axis(hits, rest, 1).mean(1)
            for k in range(NETS):
                some = rng.permutation(4096)[:KDE_SAMPLES[activation]]
                for l in range(len(NAMES)):
                    got = measure(outputs[l][k].T.astype(np.float64), x, y, activation == "tanh",
                                  some if epoch in close else None)
                    for what, value in got.items():
                        courses[k][l].setdefault(what, {})[epoch] = value
        if epoch == EPOCHS:
            break
        rows = rng.permuted(rows, axis=1)
        for first in range(0, n, BATCH):
            at = rows[:, first:first + BATCH]
            nets.step(np.ascontiguousarray(columns[:, at].transpose(1, 0, 2)), y[at])
    return courses, accuracy, few, many


# ---- what is printed ----

COLUMNS = "claim,quantity,first,last,estimator,low,high,spread,sd,nets,run,from,to,source"
SOURCE = "NumPy, %d nets (szt_nets.py)" % NETS
RUNS = {"quick": (1000, 1200), "full": (7000, 10000)}  # epochs for which the values hold
TRENDS = {("I_XT", "logdet:beta=own"): ["rises-then-falls", "ends-higher", "ends-lower"],
          ("I_TY_cond", "logdet:beta=own"): ["ends-higher"],
          ("I_XT", "binning"): ["rises-then-falls", "does-not-fall", "ends-lower"]}
SHOWN = 0.9  # share of the nets from which on a trend is a claim


def row(claim, quantity, first, last, estimator, low, high, spread, sd, run, span):
    print("%s,%s,%d,%d,%s,%.4g,%.4g,%.3g,%s,%d,%s,%d,%s,\"%s\"" %
          (claim, quantity, first, last, estimator, low, high, spread,
           "NaN" if sd is None else "%.3g" % sd, NETS, run, span[0], span[1], SOURCE))


def value(claim, quantity, layer, estimator, v, run, span):
    """Mean and s.d.; what the two sides may differ by beside chance is the spread."""
    mean, share = v.mean(), 0.05 if estimator == "kde" else 0.02
    row(claim, quantity, layer, layer, estimator, mean, mean, max(share * abs(mean), 0.02),
        v.std(ddof=1), run, span)


def trends(v):
    """Of courses (nets, epochs), as the program defines them."""
    first, top, end = v[:, 0], v.max(1), v[:, -max(1, v.shape[1] // 10):].mean(1)
    return {"rises-then-falls": (top - first > 0.01 * top) & (top - end > 0.01 * top),
            "does-not-fall": top - end <= 0.05 * top,
            "ends-higher": end > first,
            "ends-lower": end < first}


def report(courses, accuracy, few, many):
    def course(what, layer, grid):
        return np.array([[net[layer][what][e] for e in grid] for net in courses])

    print(COLUMNS)
    for what in courses[0][0]:
        quantity, estimator = what
        for layer in range(len(NAMES)):
            v = np.array([net[layer][what][0] for net in courses])
            value("untrained", quantity, layer + 1, estimator, v, "any", (0, "NaN"))
            for run, grid in (("quick", few), ("full", many)):
                v = course(what, layer, tail(grid)).mean(1)
                if quantity == "I_XT" and estimator.startswith("logdet"):
                    value("peak", quantity, layer + 1, estimator, course(what, layer, grid).max(1),
                          run, RUNS[run])
                value("end", quantity, layer + 1, estimator, v, run, RUNS[run])
    for run, grid in (("quick", few), ("full", many)):
        last = accuracy[grid[-1]]
        row("end", "test_accuracy", 0, 0, "", last.mean(), last.mean(), 0.005, last.std(ddof=1),
            run, RUNS[run])
        for what, looked_for in TRENDS.items():
            for layer in range(len(NAMES)):
                for trend, shown in trends(course(what, layer, grid)).items():
                    if trend in looked_for and shown.mean() >= SHOWN:
                        row(trend, what[0], layer + 1, layer + 1, what[1], shown.mean(), 1, 0,
                            None, run, RUNS[run])
    row("bounded", "I_TY", 1, len(NAMES), "binning", 1, 1, 0, None, "any", (0, "NaN"))


if __name__ == "__main__":
    report(*train(sys.argv[1]))
