#!/usr/bin/env python3
"""Turn reference cases of measures (a folder of <case>/{X,T,y}.npy and expected.json) into
what tests/test_measures_golden.c reads without a JSON parser.

    convert_measures.py FROM tests/golden/measures

Copies the arrays and writes <case>/expected.tsv: measure, scale, beta, value, tolerance of
every LogDet number. The tolerance is what Cholesky of the smaller Gram matrix can be held to.
<case>/estimators.tsv has the other estimators: measure, text, value, tolerance. The measures
width_X and width_T are widths that a rule of the text chooses.
"""
import json
import pathlib
import shutil
import sys

SCALE = {"cov": "cov", "pearson": "corr", "pearson_ref1e-8": "corr-ref"}
BETA = {"fixed1": "1", "rd": "rd", "sum": "sum", "own": "own"}
NAME = {
    "logdet.H.X": "H_X",
    "logdet.H.T": "H_T",
    "logdet.H.XT": "H_XT",
    "logdet.H.Y": "H_Y",
    "logdet.H.TY": "H_TY",
    "logdet.I.XT": "I_XT",
    "logdet.H.X_given_T": "H_X_given_T",
    "logdet.H.T_given_Y": "H_T_given_Y",
    "logdet.LTC": "I_prev",
    ("logdet.I.TY", "onehot"): "I_TY",
    ("logdet.I.TY", "conditional"): "I_TY_cond",
    ("logdet.I.TY", "pooled"): "I_TY_pooled",
}


def kernel_text(e, width):
    alpha = f"{e.get('alpha', 1.01):g}"
    if e.get("kind") == "reference-compat":
        return f"renyi:alpha={alpha},kernel=authors"
    return f"renyi:alpha={alpha},kernel=rbf2,width={width}"


BINNING = {
    "floor": lambda e: f"rule=width,width={e['width']:g}",
    "szt": lambda e: f"rule=szt,bins={e['bins']}",
    "minmax": lambda e: f"rule=range,bins={e['bins']}",
}


def other_row(e, width):
    """Measure and estimator text of a number that is not LogDet's."""
    family, *name = e["id"].split(".")
    if e["id"] == "renyi.sigma_alignment.T":
        return "width_T", "renyi:kernel=rbf,width=alignment"
    if e["id"] == "renyi.sigma_silverman.X":
        return "width_X", "renyi:width=silverman"
    if family == "renyi":
        return "_".join(name).replace("_bits", ""), kernel_text(e, width)
    if family == "kde":
        measure, bound = "_".join(name).rsplit("_", 1)
        return measure, f"kde:var={e['var']:g},bound={bound}"
    if family == "bin":
        return "_".join(name), "binning:" + BINNING[e["scheme"]](e)
    if family == "discrete":
        return "H_Y", "binning"
    if e["id"] == "knn.I.XT":
        return "I_XT", f"ksg:k={e['k']},variant={e['algo'][-1]}"
    norm = {"max": "max", "euclid": "l2"}[e["norm"]]
    return "_".join(name), f"kl:k={e['k']},norm={norm}"


def other_rows(expect):
    pair = next((e["sigma"] for e in expect if e["id"] == "renyi.H.XT_bits"), None)
    width = "/".join(map(repr, pair)) if pair else None
    rows = ["measure\testimator\tvalue\ttolerance"]
    for e in expect:
        if not e["id"].startswith("logdet."):
            # Minus infinity: a number would be wrong.
            value = "NaN" if e["value"] == "-inf" else repr(float(e["value"]))
            rows.append("\t".join((*other_row(e, width), value, repr(e["tol_abs"]))))
    return rows


def convert(case, out):
    out.mkdir(parents=True, exist_ok=True)
    for name in ("X.npy", "T.npy", "y.npy"):
        shutil.copyfile(case / name, out / name)
    rows = ["measure\tscale\tbeta\tvalue\ttolerance"]
    expect = json.loads((case / "expected.json").read_text())["expect"]
    for e in expect:
        if not e["id"].startswith("logdet."):
            continue
        name = NAME.get(e["id"]) or NAME[e["id"], e["labels"]]
        value = "NaN" if e["value"] is None else repr(float(e["value"]))
        tol = e.get("tol_chol", e["tol_abs"])
        rows.append(f"{name}\t{SCALE[e['mode']]}\t{BETA[e['beta_rule']]}\t{value}\t{tol!r}")
    (out / "expected.tsv").write_text("\n".join(rows) + "\n")
    (out / "estimators.tsv").write_text("\n".join(other_rows(expect)) + "\n")


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    for case in sorted(p.parent for p in source.glob("*/expected.json")):
        convert(case, target / case.name)


main()
