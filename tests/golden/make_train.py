#!/usr/bin/python3
"""Write the cases of tests/golden/train: exact training trajectories, float64.

    /usr/bin/python3 tests/golden/make_train.py [FOLDER_OF_REFERENCE_CASES]

The cases of CASES are made with PyTorch (autograd and torch.optim); tests/test_train_golden.c
names the same nets and optimisers. The cases of REFERENCE are copied into the same form when
their folder is given. Every case is a folder of

    x.npy, y.npy               samples and labels; batches are taken in order, again and again
    init/<i>.<name>.npy        parameters at the start, i = index of the layer
    losses.npy                 mean loss of every step, before its update
    grads.npy, params.npy      (steps, parameters) gradient, and parameters after the update,
                               arrays in the order of the layers
    logits.npy                 output of the net for the batch of every step, one after another
    acts.npy                   outputs of all layers for the first batch, one after another
"""
import pathlib
import sys

import numpy as np
import torch
from torch import nn, optim

HERE = pathlib.Path(__file__).parent / "train"
REFERENCE = ["mlp_tanh_sgd", "mlp_tanh_momentum", "mlp_sigmoid_adam"]

SIZES, ROWS, STEPS = (6, 5, 4, 3), 10, 4

# name: (two activations, loss, batch, optimiser)
CASES = {
    "nesterov_decay": ((nn.ReLU, nn.GELU), "ce", 4,
                       lambda p: optim.SGD(p, 0.1, 0.8, 0, 0.01, True)),
    "adam_decay": ((nn.SiLU, nn.ELU), "ce", 10,
                   lambda p: optim.Adam(p, 0.01, (0.8, 0.99), 1e-6, 0.05)),
    "adamw": ((nn.Softplus, nn.Softsign), "ce", 10,
              lambda p: optim.AdamW(p, 0.02, weight_decay=0.1)),
    "rmsprop": ((lambda: nn.LeakyReLU(0.01), nn.Hardtanh), "mse", 4,
                lambda p: optim.RMSprop(p, 0.01, alpha=0.9)),
    "rmsprop_centered": ((nn.Sigmoid, nn.Identity), "mse", 10,
                         lambda p: optim.RMSprop(p, 0.01, alpha=0.9, momentum=0.5,
                                                 centered=True, weight_decay=0.01)),
}


def save(folder, name, parts):
    """Write arrays one after another as one flat array."""
    np.save(folder / f"{name}.npy", np.concatenate([np.ravel(p) for p in parts]))


def save_init(folder, arrays):
    (folder / "init").mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        np.save(folder / "init" / f"{name}.npy", array)


def make(seed, name, activations, loss, batch, optimiser):
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, SIZES[0])).astype(np.float32).astype(np.float64)
    y = rng.integers(0, SIZES[-1], ROWS)
    layers = []
    for i in range(len(SIZES) - 1):
        layers.append(nn.Linear(SIZES[i], SIZES[i + 1]))
        if i < 2:
            layers.append(activations[i]())
    net = nn.Sequential(*layers)
    for p in net.parameters():
        p.data = (p.data * 1.5).float().double()  # values that a float holds exactly
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    save_init(folder, {k: p.detach().numpy().copy() for k, p in net.named_parameters()})
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)

    step = optimiser(net.parameters())
    losses, grads, params, logits, acts = [], [], [], [], []
    first = 0
    for k in range(STEPS):
        rows = slice(first, min(first + batch, ROWS))
        first = rows.stop % ROWS
        t, target = torch.tensor(x[rows]), torch.tensor(y[rows])
        for layer in net:
            t = layer(t)
            if k == 0:
                acts.append(t.detach().numpy())
        if loss == "ce":
            value = nn.functional.cross_entropy(t, target)
        else:
            value = nn.functional.mse_loss(t, nn.functional.one_hot(target, SIZES[-1]).double())
        step.zero_grad()
        value.backward()
        losses.append(value.item())
        logits.append(t.detach().numpy())
        grads += [p.grad.numpy().copy() for p in net.parameters()]
        step.step()
        params += [p.detach().numpy().copy() for p in net.parameters()]
    save(folder, "losses", losses)
    save(folder, "grads", grads)
    save(folder, "params", params)
    save(folder, "logits", logits)
    save(folder, "acts", acts)


def copy(source, name):
    """Rewrite a reference case, which keeps one file per array and step."""
    import json

    case = json.loads((source / "case.json").read_text())
    names = [f"{i}.{kind}" for i, layer in enumerate(case["layers"])
             if layer["type"] == "dense" for kind in ("weight", "bias")]
    steps = [source / f"step{k}" for k in range(len(case["steps"]))]
    folder = HERE / name
    save_init(folder, {n: np.load(source / "init" / f"{n}.npy") for n in names})
    np.save(folder / "x.npy", np.load(source / "x.npy"))
    np.save(folder / "y.npy", np.load(source / "y.npy"))
    save(folder, "losses", [float(s["loss_before_update"]) for s in case["steps"]])
    for what in ("grad", "param"):
        save(folder, what + "s", [np.load(s / f"{what}_{n}.npy") for s in steps for n in names])
    save(folder, "logits", [np.load(s / "logits.npy") for s in steps])
    save(folder, "acts", [np.load(p) for p in sorted((source / "act0").glob("*.npy"))])


def main():
    for seed, (name, case) in enumerate(CASES.items()):
        make(seed + 1, name, *case)
    if len(sys.argv) > 1:
        for name in REFERENCE:
            copy(pathlib.Path(sys.argv[1]) / name, name)


main()
