#!/usr/bin/env python3
"""Write the seeds of the fuzz corpora: small files, good and bad, from which mutations start.

    tests/fuzz/make_seeds.py            writes tests/fuzz/corpus/*/seed-*

The other files of a corpus were found by libFuzzer and minimised (`-merge=1`).
"""
import gzip
import os
import struct
import zlib

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


def put(kind, name, data):
    folder = os.path.join(ROOT, kind)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "seed-" + name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def pack(data, name=b""):
    out = b"\x1f\x8b\x08" + (b"\x08" if name else b"\0") + bytes(4) + b"\0\x03"
    out += name + b"\0" if name else b""
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    out += z.compress(data) + z.flush()
    return out + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def stored(data):
    return (b"\x1f\x8b\x08" + bytes(6) + b"\x03\x01" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF)
            + data + struct.pack("<II", zlib.crc32(data), len(data)))


def idx(*dims, fill=None):
    n = 1
    for d in dims:
        n *= d
    body = bytes(i % 256 for i in range(n)) if fill is None else fill
    return bytes([0, 0, 8, len(dims)]) + b"".join(struct.pack(">I", d) for d in dims) + body


def npy(descr, shape, data, fortran=False, version=1, extra=""):
    head = "{'descr': '%s', 'fortran_order': %s, 'shape': %s, %s}" % (descr, fortran, shape, extra)
    width = 2 if version == 1 else 4
    head += " " * ((-len(head) - 7 - width) % 16) + "\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(head).to_bytes(width, "little") + head.encode() + data


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, depth, colour, rows, interlace=0, extra=b"", level=9):
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows, level))
            + chunk(b"IEND", b""))


put("idx", "labels", idx(5))
put("idx", "matrix", idx(2, 3))
put("idx", "images", idx(2, 2, 3))
put("idx", "images.gz", pack(idx(2, 2, 3)))
put("idx", "stored.gz", stored(idx(4)))
put("idx", "huge", idx(1, 1, 1)[:4] + b"\0\0\xff\xff" * 3)
put("idx", "zero", idx(0, fill=b""))
put("idx", "bomb.gz", pack(idx(16, fill=bytes(20000))))
put("idx", "claim.gz", pack(b"\0\0\x08\x01\x00\x40\0\0" + bytes(100000)))

put("gzip", "plain", b"not compressed")
put("gzip", "empty", b"")
put("gzip", "text.gz", pack(b"hello hello hello"))
put("gzip", "name.gz", pack(b"named", b"file.txt"))
put("gzip", "stored.gz", stored(b"stored content"))
put("gzip", "two.gz", pack(b"one") + pack(b"two"))
put("gzip", "tail.gz", pack(b"one") + b"and what is no gzip")
put("gzip", "zeros.gz", pack(bytes(50000)))

put("cifar", "row", bytes([3]) + bytes(3072))
put("cifar", "label", bytes([10]) + bytes(3072))
put("cifar", "two", (bytes([9]) + bytes([7]) * 3072) * 2)
put("cifar", "names", "\n".join("airplane automobile bird cat deer dog frog horse ship truck".split()) + "\n")
put("cifar", "crlf", "a\r\nb\r\n\r\nc\r\nd\r\ne\r\nf\r\ng\r\nh\r\ni\r\nj")

grey = b"".join(b"\0" + bytes([y * 4 + x for x in range(4)]) for y in range(3))
put("png", "grey", png(4, 3, 8, 0, grey))
put("png", "rgb", png(2, 2, 8, 2, (b"\1" + bytes(range(6))) * 2))
put("png", "bits", png(9, 2, 1, 0, b"\0\xaa\x80\2\x55\x00"))
put("png", "palette", png(4, 1, 2, 3, b"\0\x1b", extra=chunk(b"PLTE", bytes(range(12))) + chunk(b"tRNS", b"\x80\x40")))
put("png", "alpha16", png(1, 1, 16, 6, b"\0" + bytes(8)))
put("png", "rgba", png(2, 2, 8, 6, (b"\0" + bytes(range(8))) * 2))
put("png", "grey16", png(3, 1, 16, 0, b"\0" + bytes(range(6))))
put("png", "key", png(2, 1, 8, 2, b"\0\1\2\3\1\2\4", extra=chunk(b"tRNS", b"\0\1\0\2\0\3")))
put("png", "interlaced", png(4, 4, 8, 0, b"\0\1" + b"\0\2" + b"\0\1\2" + b"\0\1\2" * 2 + b"\0\1\2\3" * 0 + (b"\0" + bytes(4)) * 2, 1))
put("png", "text", png(1, 1, 8, 0, b"\0\5", extra=chunk(b"tEXt", b"a\0b") + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"x" * 99)) + chunk(b"gAMA", struct.pack(">I", 45455))))
put("png", "wide", png(16385, 1, 8, 0, b"\0"))
put("png", "tall", png(1, 65535, 8, 0, b"\0"))
put("png", "claim", png(4000, 4000, 1, 3, bytes(9000), extra=chunk(b"PLTE", bytes(6))))

put("npy", "f4", npy("<f4", "(2, 3)", struct.pack("<6f", *range(6))))
put("npy", "f8", npy(">f8", "(2,)", struct.pack(">2d", 1, float("nan"))))
put("npy", "f2", npy("<f2", "(1, 2)", b"\x00\x3c\x00\x7c"))
put("npy", "u1", npy("|u1", "(1, 2, 2)", bytes(4)))
put("npy", "i8", npy("<i8", "(2, 1)", struct.pack("<2q", -1, 7)))
put("npy", "wide", npy("<i8", "(1,)", b"\xff" * 7 + b"\x7f"))
put("npy", "bool", npy("|b1", "(3,)", b"\0\1\2"))
put("npy", "scalar", npy("<u2", "()", b"\1\2"))
put("npy", "fortran", npy("<i4", "(2, 2)", struct.pack("<4i", 1, 2, 3, 4), True))
put("npy", "version2", npy("<f4", "(1L,)", b"\0" * 4, version=2))
put("npy", "object", npy("|O", "(1,)", b"\x80\x03N."))
put("npy", "claim", npy("<f8", "(1000000, 1250)", b"\0" * 8))

put("ini", "whole", """# about: a run
[data]
name = small
data = szt
train-share = 0.8
[net]
net = 12-10-7-5
net = 4-3-2
activation = tanh
[training]
optimiser = adam:lr=0.01
batch = 256
epochs = 3
shuffle = no
[measuring]
estimator = logdet:beta=own
estimator = kde
measure = every:2
probe = pooled
unit = bits
""")
put("ini", "flat", "seed = 18446744073709551615\r\nlr-typo=1\r\n")
put("ini", "section", "[training]\nnet = 1-2\n")
put("ini", "range", "batch = 0\n")
put("ini", "twice", "batch = 1\nbatch = 2\n")
put("ini", "open", "[data\n")
put("ini", "no-equals", "; comment\nwhat is this\n")
put("ini", "text", "name = ../x\nseed = -1\n")

def checkpoint(state, epoch=3, texts=("net = 2-2\n", "", "0.1.0\n", ""), order=0x01020304, version=1, whole=1):
    body = struct.pack("<Q5Q6d3Q2d", whole, epoch, 0, 9, 100, 5, 1.5, 0.1, 1, 2, 3, 4, 0, 0, 1, 50.0, 0.5)
    body += struct.pack("<8Q", *range(8))
    for text in texts:
        body += struct.pack("<Q", len(text)) + text.encode() + b"\0"
    body += struct.pack("<Q", len(state)) + state
    data = b"ipl-ckpt" + struct.pack("<IIQ", order, version, 8 + 16 + len(body) + 4) + body
    return data + struct.pack("<I", zlib.crc32(data))


put("checkpoint", "whole", checkpoint(struct.pack("<6f", *range(6))))
put("checkpoint", "state", checkpoint(bytes(7)))
put("checkpoint", "parameters", checkpoint(struct.pack("<6f", *range(6)), whole=0, texts=("", "", "", "")))
put("checkpoint", "order", checkpoint(bytes(24), order=0x04030201))
put("checkpoint", "version", checkpoint(bytes(24), version=2))
put("checkpoint", "cut", checkpoint(bytes(24))[:100])
put("checkpoint", "none", "this is no checkpoint")

for name, text in {
        "short": "64-20-10",
        "conv": "conv2d:filters=2,size=3 batchnorm relu maxpool:size=2 dense:units=10",
        "residual": "dense:units=8 skip layernorm tanh add dropout:p=0.1 dense:units=10",
        "all": "64-8-8-64|mse:target=input|adam:lr=0.1|glorot|sigmoid|all",
        "pool": "avgpool:size=2,stride=2 flatten softsign dense:units=10|cross-entropy|rmsprop|orthogonal|relu|fc1,1",
        "unknown": "dense:units=3 nosuch",
        "huge": "dense:units=99999999 dense:units=99999999",
        "loss": "64-10|mse:target=x|sgd:lr=-1"}.items():
    put("net", name, text)

for name, text in {
        "logdet": "logdet:beta=own,scale=corr",
        "sweep": "logdet:beta={1,10},scale={cov,corr} kde",
        "binning": "binning:bins=30",
        "kde": "kde:var=0.1,bound=upper",
        "ksg": "ksg:k=3 kl:k=2",
        "renyi": "renyi:alpha=1.01 gauss",
        "brace": "logdet:beta={1,{2}}",
        "range": "ksg:k=0"}.items():
    put("estimator", name, text)

for name, text in {
        "every": "every:3", "keep": "every:10min,keep=10", "measured": "every:200steps,keep=measured", "log": "log:10", "list": "0,1,99", "late": "101",
        "cosine": "cosine:warmup=5,min=0.1", "step": "step:every=10,gamma=0.5",
        "exponential": "exponential:gamma=0.9", "npy": "npy:x=X.npy,y=y.npy",
        "gaussian": "gaussian", "mnist": "mnist:path=here",
        "paths": "a/epoch0/fc1.npy\na/epoch0/fc2.npy\na/epoch1/fc1.npy\na/epoch1/fc2.npy\n",
        "suffix": "fc2-0.npy\nfc10-0.npy\nfc10_epoch1.npy\nfc2_epoch1.npy\nfc10,fc2"}.items():
    put("text", name, text)

put("csv", "track", "epoch,step,layer,name,split,estimator,I_XT\n0,0,1,fc1,train,logdet,1.5\n"
                    "0,0,2,fc2,train,logdet,NaN\n1,9,1,fc1,train,logdet,2\n1,9,2,fc2,train,logdet,3\n")
put("csv", "quotes", 'epoch,name,I_XT\r\n1,"a,""b""\nc",2\r\n')
put("csv", "flat", "epoch,I_XT\n0,1\n1,2\n2,")
put("csv", "fields", "epoch,I_XT\n0,1,2\n")
put("csv", "no-number", "epoch,I_XT\n0,x\n")
put("csv", "back", "epoch,layer,name,I_XT\n1,1,a,1\n0,1,a,1\n")
put("csv", "layer", "epoch,layer,name,I_XT\n0,1000,a,1\n1,1,b,2\n2,1,b,2\n")
put("csv", "twice", "epoch,epoch\n1,1\n")
put("csv", "stray", 'epoch,"a"b\n')
put("csv", "empty", "")
