#!/usr/bin/env python3
"""Turn reference cases of measures (a folder of <case>/{X,T,y}.npy and expected.json) into
what tests/test_measures_golden.c reads without a JSON parser.

    convert_measures.py FROM tests/golden/measures

Copies the arrays and writes <case>/expected.tsv: measure, scale, beta, value, tolerance of
every LogDet number. The tolerance is what Cholesky of the smaller Gram matrix can be held to.
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


def convert(case, out):
    out.mkdir(parents=True, exist_ok=True)
    for name in ("X.npy", "T.npy", "y.npy"):
        shutil.copyfile(case / name, out / name)
    rows = ["measure\tscale\tbeta\tvalue\ttolerance"]
    for e in json.loads((case / "expected.json").read_text())["expect"]:
        if not e["id"].startswith("logdet."):
            continue
        name = NAME.get(e["id"]) or NAME[e["id"], e["labels"]]
        value = "NaN" if e["value"] is None else repr(float(e["value"]))
        tol = e.get("tol_chol", e["tol_abs"])
        rows.append(f"{name}\t{SCALE[e['mode']]}\t{BETA[e['beta_rule']]}\t{value}\t{tol!r}")
    (out / "expected.tsv").write_text("\n".join(rows) + "\n")


def main():
    source, target = map(pathlib.Path, sys.argv[1:])
    for case in sorted(p.parent for p in source.glob("*/expected.json")):
        convert(case, target / case.name)


main()
