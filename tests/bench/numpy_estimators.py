"""NumPy's and SciPy's side of bench_estimators: estimators written as the formulas read.

    load FOLDER 1            take x, y and t0 from FOLDER and remove it
    measure NAME THREADS     seconds to measure once; one thread: processor time
    I_XT NAME, I_TY NAME     information as last measured, in the estimator's unit

What depends on X alone is computed once and not timed.
"""

import ctypes
import shutil
import sys
import time

try:
    import numpy as np
except ImportError:
    print("absent: no python3-numpy", flush=True)
    sys.exit()
try:
    from scipy.spatial import cKDTree
    from scipy.special import digamma
except ImportError:
    cKDTree = None


def set_threads(n):
    try:
        ctypes.CDLL("libblas.so.3").openblas_set_num_threads(n)
    except (OSError, AttributeError):
        pass


def square_distances(a):
    norm = (a * a).sum(axis=1)
    return np.maximum(norm[:, None] + norm[None, :] - 2.0 * (a @ a.T), 0.0)


def classes(y):
    return [y == c for c in np.unique(y)]


class LogDet:
    def __init__(self, x, y):
        self.x, self.hot = x, np.eye(y.max() + 1)[y]
        self.beta = 100.0 * x.shape[1]
        self.h_x, self.h_y = self.entropy(x), self.entropy(self.hot)

    def entropy(self, *parts):
        a = np.hstack(parts)
        a = a - a.mean(axis=0)
        s = a.T @ a * (self.beta / len(a))
        s.flat[:: len(s) + 1] += 1.0
        return 0.5 * np.linalg.slogdet(s)[1]

    def measure(self, t):
        h = self.entropy(t)
        for inside in self.hot.T:
            self.entropy(t[inside == 1.0])
        return (self.h_x + h - self.entropy(self.x, t),
                h + self.h_y - self.entropy(t, self.hot))


class Gauss:
    shrink = 0.1

    def __init__(self, x, y):
        self.x, self.y, self.h_x = x, y, self.entropy(x)

    def entropy(self, *parts):
        a = np.hstack(parts)
        a = a - a.mean(axis=0)
        d = a.shape[1]
        s = a.T @ a / len(a)
        s = (1.0 - self.shrink) * s + self.shrink * np.trace(s) / d * np.eye(d)
        return 0.5 * (np.linalg.slogdet(s)[1] + d * np.log(2.0 * np.pi * np.e))

    def measure(self, t):
        h = self.entropy(t)
        inside = sum(c.mean() * self.entropy(t[c]) for c in classes(self.y))
        return self.h_x + h - self.entropy(self.x, t), h - inside


class Renyi:
    alpha = 1.01

    def __init__(self, x, y):
        self.k_x = self.kernel(x)
        self.k_y = (y[:, None] == y[None, :]).astype(float)
        self.h_x, self.h_y = self.entropy(self.k_x), self.entropy(self.k_y)

    def kernel(self, a):
        width = 5.0 * len(a) ** (-1.0 / (4.0 + a.shape[1]))
        return np.exp(-square_distances(a) / (2.0 * width * width))

    def entropy(self, k):
        w = np.maximum(np.linalg.eigvalsh(k / len(k)), 0.0)
        return np.log2((w ** self.alpha).sum()) / (1.0 - self.alpha)

    def measure(self, t):
        k = self.kernel(t)
        h = self.entropy(k)
        return (self.h_x + h - self.entropy(self.k_x * k),
                h + self.h_y - self.entropy(k * self.k_y))


class Renyi2(Renyi):
    def entropy(self, k):
        return -np.log2((k * k).sum() / len(k) ** 2)


class Kde:
    var = 0.1

    def __init__(self, x, y):
        self.y = y

    def entropy(self, t):
        s = -square_distances(t) / (2.0 * self.var)
        top = s.max(axis=1)
        return -(top + np.log(np.exp(s - top[:, None]).mean(axis=1))).mean()

    def measure(self, t):
        h = self.entropy(t)
        return h, h - sum(c.mean() * self.entropy(t[c]) for c in classes(self.y))


class Ksg:
    k = 3

    def __init__(self, x, y):
        self.x, self.y = x, y
        self.tree_x = cKDTree(x)

    def entropy(self, t):
        e = cKDTree(t).query(t, self.k + 1, p=np.inf)[0][:, self.k]
        n, d = t.shape
        return digamma(n) - digamma(self.k) + d * np.log(2.0 * e).mean()

    def measure(self, t):
        both = np.hstack((self.x, t))
        e = cKDTree(both).query(both, self.k + 1, p=np.inf)[0][:, self.k]
        e = np.nextafter(e, 0.0)
        count = lambda tree, a: tree.query_ball_point(a, e, p=np.inf, return_length=True)
        near = digamma(count(self.tree_x, self.x)) + digamma(count(cKDTree(t), t))
        inside = sum(c.mean() * self.entropy(t[c]) for c in classes(self.y))
        return (digamma(self.k) + digamma(len(t)) - near.mean(), self.entropy(t) - inside)


class Binning:
    def __init__(self, x, y):
        self.y = y

    def cells(self, t):
        return np.digitize(t, np.linspace(-1.0, 1.0, 30))

    def entropy(self, cells):
        count = np.unique(cells, axis=0, return_counts=True)[1]
        p = count / count.sum()
        return -(p * np.log(p)).sum()

    def measure(self, t):
        cells = self.cells(t)
        h = self.entropy(cells)
        return h, h - sum(c.mean() * self.entropy(cells[c]) for c in classes(self.y))


class Quantile(Binning):
    def cells(self, t):
        edges = np.quantile(t, np.linspace(0.0, 1.0, 31)[1:-1])
        return np.digitize(t, edges)


METHODS = {"logdet": LogDet, "gauss": Gauss, "renyi": Renyi, "renyi2": Renyi2, "kde": Kde,
           "ksg": Ksg if cKDTree else None, "binning": Binning, "quantile": Quantile}


def main():
    x = y = t = None
    ready, last = {}, {}
    note = "" if cKDTree else ", without python3-scipy"
    print(f"ready: {np.__version__}{note}", flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "load":
            load = lambda name: np.load(f"{words[1]}/{name}.npy").astype(np.float64)
            x, y, t = load("x"), load("y")[:, 0].astype(int), load("t0")
            shutil.rmtree(words[1])
            ready, last = {}, {}
            print(0, flush=True)
        elif words[0] == "measure" and METHODS[words[1]] is None:
            print("error: no python3-scipy", flush=True)
        elif words[0] == "measure":
            set_threads(int(words[2]))
            if words[1] not in ready:
                ready[words[1]] = METHODS[words[1]](x, y)
            clock = time.process_time if words[2] == "1" else time.perf_counter
            time.sleep(0.04)
            start = clock()
            last[words[1]] = ready[words[1]].measure(t)
            print(clock() - start, flush=True)
        elif words[1] in last:
            print(last[words[1]][words[0] == "I_TY"], flush=True)
        else:
            print("error: not measured", flush=True)


main()
