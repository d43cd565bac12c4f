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
    dx.npy                     gradient at the input in the first step (MAPS and cnn_cal)

logits and acts are those of evaluation mode. The cases of MAPS are nets of maps, given by the
text that Infoplane reads; init holds the running statistics of batch normalisation, too.
"""
import pathlib
import sys

import numpy as np
import torch
from torch import nn, optim

HERE = pathlib.Path(__file__).parent / "train"
REFERENCE = ["mlp_tanh_sgd", "mlp_tanh_momentum", "mlp_sigmoid_adam", "cnn_cal"]

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

# name: (shape of a sample, batch, text)
MAPS = {
    "residual": ((2, 7, 5), 4, """
        conv2d:filters=4,size=3,padding=1,bias=no batchnorm relu
        skip conv2d:filters=6,size=3,stride=2,padding=1,bias=no batchnorm relu
             conv2d:filters=6,size=3,padding=1,bias=no batchnorm
        shortcut conv2d:filters=6,size=1,stride=2,bias=no batchnorm add relu
        skip conv2d:filters=6,size=3,padding=1 batchnorm:affine=no add tanh
        globalavgpool dense:units=3"""),
    "pools": ((3, 9, 6), 10, """
        avgpool:size=3,stride=2,padding=1 conv2d:filters=5,size=2 tanh
        maxpool:size=3,stride=1,padding=1 layernorm:affine=yes softplus
        adaptiveavgpool:size=3 dense:units=3"""),
    "flat": ((2, 3, 5), 10, """
        layernorm adaptiveavgpool:size=4 avgpool:size=2,stride=1 flatten layernorm:affine=yes
        dense:units=6 silu skip skip dense:units=6 tanh shortcut tanh add add dense:units=3"""),
}


def layer(word, shape):
    """PyTorch's module for one word, for an input (N, *shape)."""
    name, _, options = word.partition(":")
    o = dict(w.split("=") for w in options.split(",") if w)
    size, stride = int(o.get("size", 2)), int(o.get("stride", 0))
    padding = int(o.get("padding", 0))
    affine = o.get("affine") == "yes"
    return {
        "conv2d": lambda: nn.Conv2d(shape[0], int(o["filters"]), size, stride or 1, padding,
                                    bias=o.get("bias") != "no"),
        "dense": lambda: nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(shape)),
                                                               int(o["units"]))),
        "batchnorm": lambda: nn.BatchNorm2d(shape[0], affine=o.get("affine") != "no"),
        "layernorm": lambda: nn.LayerNorm(shape, elementwise_affine=affine),
        "maxpool": lambda: nn.MaxPool2d(size, stride or size, padding),
        "avgpool": lambda: nn.AvgPool2d(size, stride or size, padding),
        "adaptiveavgpool": lambda: nn.AdaptiveAvgPool2d(size),
        "globalavgpool": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        "flatten": nn.Flatten, "relu": nn.ReLU, "tanh": nn.Tanh, "silu": nn.SiLU,
        "softplus": nn.Softplus,
        "skip": nn.Identity, "shortcut": nn.Identity, "add": nn.Identity,
    }[name]()


class Maps(nn.Module):
    """A net of words, with its residual blocks."""

    def __init__(self, text, shape):
        super().__init__()
        self.words, self.layers = text.split(), nn.ModuleList()
        for word in self.words:
            self.layers.append(nn.Identity())  # what comes in goes out: its shape is wanted
            t = self.outputs(torch.zeros(2, *shape))[-1]
            self.layers[-1] = layer(word, tuple(t.shape[1:])).eval()

    def outputs(self, t):
        marks, outs = [], []
        for word, module in zip(self.words, self.layers):
            if word == "skip":
                marks.append([t, None])
            elif word == "shortcut":
                marks[-1][1], t = t, marks[-1][0]
            elif word == "add":
                mark, main = marks.pop()
                t = t + mark if main is None else main + t
            t = module(t)
            outs.append(t)
        return outs


def make_maps(seed, name, shape, batch, text):
    torch.manual_seed(seed)
    torch.set_default_dtype(torch.float64)
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS, *shape)).astype(np.float32).astype(np.float64)
    y = rng.integers(0, 3, ROWS)
    net = Maps(text, shape)
    arrays = [(f"{i}.{kind.split('.')[-1]}", value)
              for i, module in enumerate(net.layers)
              for kind, value in (*module.named_parameters(), *module.named_buffers())
              if "num_batches" not in kind]
    for kind, value in arrays:
        if value.ndim == 1:  # those that start as 0 and 1, too
            value.data = value.data + torch.tensor(rng.uniform(-0.3, 0.3, value.shape))
        value.data = value.data.float().double()
    folder = HERE / name
    folder.mkdir(parents=True, exist_ok=True)
    save_init(folder, {kind: value.detach().numpy().copy() for kind, value in arrays})
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    step = optim.SGD(net.parameters(), 0.05, 0.9)
    losses, grads, params, logits = [], [], [], []
    first = 0
    for k in range(STEPS):
        rows = slice(first, min(first + batch, ROWS))
        first = rows.stop % ROWS
        t = torch.tensor(x[rows], requires_grad=True)
        net.eval()
        outs = [o.detach().numpy() for o in net.outputs(t)]
        logits.append(outs[-1])
        if k == 0:
            save(folder, "acts", outs, np.float32)
        net.train()
        value = nn.functional.cross_entropy(net.outputs(t)[-1], torch.tensor(y[rows]))
        step.zero_grad()
        value.backward()
        if k == 0:
            np.save(folder / "dx.npy", t.grad.numpy())
        losses.append(value.item())
        grads += [p.grad.numpy().copy() for p in net.parameters()]
        step.step()
        params += [p.detach().numpy().copy() for p in net.parameters()]
    save(folder, "losses", losses)
    save(folder, "grads", grads, np.float32)
    save(folder, "params", params, np.float32)
    save(folder, "logits", logits)


def save(folder, name, parts, dtype=np.float64):
    """Write arrays one after another as one flat array."""
    np.save(folder / f"{name}.npy", np.concatenate([np.ravel(p) for p in parts]).astype(dtype))


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
             if layer["type"] in ("dense", "conv") for kind in ("weight", "bias")]
    steps = [source / f"step{k}" for k in range(len(case["steps"]))]
    folder = HERE / name
    save_init(folder, {n: np.load(source / "init" / f"{n}.npy") for n in names})
    np.save(folder / "x.npy", np.load(source / "x.npy"))
    np.save(folder / "y.npy", np.load(source / "y.npy"))
    save(folder, "losses", [float(s["loss_before_update"]) for s in case["steps"]])
    for what in ("grad", "param"):
        save(folder, what + "s", [np.load(s / f"{what}_{n}.npy") for s in steps for n in names])
    save(folder, "logits", [np.load(s / "logits.npy") for s in steps])
    acts = sorted((source / "act0").glob("*.npy"), key=lambda p: int(p.name.split("_")[0]))
    save(folder, "acts", [np.load(p) for p in acts])
    if len(np.load(source / "x.npy").shape) > 2:
        np.save(folder / "dx.npy", np.load(source / "step0" / "dx.npy"))


def main():
    for seed, (name, case) in enumerate(CASES.items()):
        make(seed + 1, name, *case)
    for seed, (name, case) in enumerate(MAPS.items()):
        make_maps(seed + 101, name, *case)
    if len(sys.argv) > 1:
        for name in REFERENCE:
            copy(pathlib.Path(sys.argv[1]) / name, name)


main()
