"""NumPy's side of bench_measure: the plain formulation in float64, asked on stdin.

    load FOLDER LAYERS   take x, y and t0, t1, ... from FOLDER and remove it
    measure THREADS      seconds to measure all layers once; one thread: processor time
    I_XT                 I(X;T) of the first layer as last measured

For every pair that is wanted the covariance matrix of the columns side by side, and slogdet.
H(X) and H(Y), which do not change, are computed once and not timed.
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


def set_threads(n):
    try:
        ctypes.CDLL("libblas.so.3").openblas_set_num_threads(n)
    except (OSError, AttributeError):
        pass


def entropy(beta, *parts):
    a = np.hstack(parts)
    a = a - a.mean(axis=0)
    s = a.T @ a * (beta / len(a))
    s.flat[:: len(s) + 1] += 1.0
    return 0.5 * np.linalg.slogdet(s)[1]


class Subject:
    def __init__(self, folder, layers):
        load = lambda name: np.load(f"{folder}/{name}.npy").astype(np.float64)
        self.x = load("x")
        labels = load("y")[:, 0].astype(int)
        self.t = [load(f"t{i}") for i in range(layers)]
        shutil.rmtree(folder)
        self.y = np.eye(labels.max() + 1)[labels]
        self.beta = 100.0 * self.x.shape[1]
        self.h_x, self.h_y = entropy(self.beta, self.x), entropy(self.beta, self.y)

    def layer(self, t, before, h_before):
        """H(T), I(X;T), I(T;Y), I(T;Y) class by class, I(T';T)."""
        beta = self.beta
        h = entropy(beta, t)
        inside = sum(len(c) / len(t) * entropy(beta, c)
                     for c in (t[row == 1.0] for row in self.y.T))
        i_x = self.h_x + h - entropy(beta, self.x, t)
        i_y = h + self.h_y - entropy(beta, t, self.y)
        i_before = i_x if before is None else h_before + h - entropy(beta, before, t)
        return h, i_x, i_y, h - inside, i_before

    def measure(self):
        rows, before, h_before = [], None, None
        for t in self.t:
            rows.append(self.layer(t, before, h_before))
            before, h_before = t, rows[-1][0]
        return rows


def main():
    subject = rows = None
    print("ready:", np.__version__, flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "load":
            subject = Subject(words[1], int(words[2]))
            print(0, flush=True)
        elif words[0] == "measure":
            set_threads(int(words[1]))
            clock = time.process_time if words[1] == "1" else time.perf_counter
            time.sleep(0.04)
            start = clock()
            rows = subject.measure()
            print(clock() - start, flush=True)
        else:
            print(rows[0][1], flush=True)


main()
