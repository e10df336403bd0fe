#!/usr/bin/env python3
"""Writes the vectors of this folder from the published rules alone; shares no code with Lethe.

Needs the Python package `cryptography`. Deterministic: running it again changes nothing.
"""
import base64, hashlib, json, pathlib, struct
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HERE = pathlib.Path(__file__).parent
sha = lambda b: hashlib.sha256(b).digest()
b64 = lambda b: base64.b64encode(b).decode()


class Key:
    def __init__(self, name, label, kind):
        self.name, self.kind = name, kind
        self.private = Ed25519PrivateKey.from_private_bytes(sha(b"LETHE-VECTOR " + label.encode()))
        self.public = self.private.public_key().public_bytes_raw()
        self.id = sha(name.encode() + b"\n" + bytes([kind]) + self.public)[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64(bytes([kind]) + self.public)}"

    def sign(self, text, seconds=0):
        body = text.encode()
        if self.kind == 4:
            message = f"cosignature/v1\ntime {seconds}\n".encode() + body
            signature = struct.pack(">Q", seconds) + self.private.sign(message)
        else:
            signature = self.private.sign(body)
        return f"\u2014 {self.name} {b64(self.id + signature)}\n"


ORIGIN = "lethe.example/vectors"
LOG = Key(ORIGIN, "log", 1)
OTHER_LOG = Key("lethe.example/other", "other log", 1)
W1, W2, W3 = (Key(f"w{i}.example/witness", f"witness {i}", 4) for i in (1, 2, 3))

# RFC 6962, section 2.1
leaf = lambda e: sha(b"\0" + e)
node = lambda l, r: sha(b"\1" + l + r)


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root(h):
    if not h:
        return sha(b"")
    if len(h) == 1:
        return h[0]
    k = split(len(h))
    return node(root(h[:k]), root(h[k:]))


def path(m, h):
    if len(h) == 1:
        return []
    k = split(len(h))
    return path(m, h[:k]) + [root(h[k:])] if m < k else path(m - k, h[k:]) + [root(h[:k])]


def consistency(m, h, whole=True):
    if m == len(h):
        return [] if whole else [root(h)]
    k = split(len(h))
    if m <= k:
        return consistency(m, h[:k], whole) + [root(h[k:])]
    return consistency(m - k, h[k:], False) + [root(h[:k])]


ENTRIES = [f"entry {i}".encode() for i in range(300)]
HASHES = [leaf(e) for e in ENTRIES]


def text(size, origin=ORIGIN, hashes=HASHES):
    return f"{origin}\n{size}\n{b64(root(hashes[:size]))}\n"


def note(body, *lines):
    return body + "\n" + "".join(lines)


def tiles(size):
    def number(n):
        groups = [f"{n % 1000:03d}"]
        while n >= 1000:
            n //= 1000
            groups.insert(0, f"x{n % 1000:03d}")
        return "/".join(groups)

    found = {}
    level, width = 0, size
    while width:
        span = 256 ** level
        hashes = [root(HASHES[i * span:(i + 1) * span]) for i in range(width)]
        for n in range((width + 255) // 256):
            w = min(256, width - 256 * n)
            suffix = "" if w == 256 else f".p/{w}"
            found[f"tile/{level}/{number(n)}{suffix}"] = b"".join(hashes[256 * n:256 * n + w])
            if level == 0:
                bundle = b"".join(struct.pack(">H", len(e)) + e for e in ENTRIES[256 * n:256 * n + w])
                found[f"tile/entries/{number(n)}{suffix}"] = bundle
        level, width = level + 1, width // 256
    return {p: hashlib.sha256(b).hexdigest() for p, b in sorted(found.items())}


def write(name, value):
    (HERE / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


write("tree.json", {
    "entries": "the ASCII text `entry N` for N = 0 .. 299",
    "roots": {str(n): root(HASHES[:n]).hex() for n in (0, 1, 2, 3, 7, 8, 255, 256, 257, 300)},
    "inclusion": [{"index": str(i), "size": str(n), "proof": [h.hex() for h in path(i, HASHES[:n])]}
                  for i, n in ((0, 1), (0, 8), (6, 7), (255, 256), (256, 257), (299, 300), (17, 300))],
    "consistency": [{"old": str(m), "new": str(n), "proof": [h.hex() for h in consistency(m, HASHES[:n])]}
                    for m, n in ((1, 1), (1, 2), (3, 7), (4, 8), (6, 8), (255, 257), (256, 300), (299, 300))],
    "tiles": {str(n): tiles(n) for n in (1, 255, 256, 257, 300)},
    "paths": {"0": "000", "255": "255", "999": "999", "1000": "x001/000", "1234067": "x001/x234/067"},
})

T = 1767225600
t7 = text(7)
flip = lambda line: line[:-8] + ("A" if line[-8] != "A" else "B") + line[-7:]
late = W1.sign(t7, T)
raw = base64.b64decode(late.split()[-1])
moved = f"\u2014 {W1.name} {b64(raw[:4] + struct.pack('>Q', T + 1) + raw[12:])}\n"
far = f"\u2014 {W1.name} {b64(W1.id + struct.pack('>Q', 1 << 63) + W1.private.sign(f'cosignature/v1{chr(10)}time {1 << 63}{chr(10)}{t7}'.encode()))}\n"
# Two of three: W1 alone, or W2 with W3.
POLICY = "".join(line + "\n" for line in (
    f"log {LOG.vkey}", f"witness one {W1.vkey} https://w1.example/", f"witness two {W2.vkey}",
    f"witness three {W3.vkey}", "group pair all two three", "group either any one pair", "quorum either"))
L = LOG.sign(t7)
write("cosignatures.json", {"policy": POLICY, "origin": ORIGIN, "cases": [
    {"name": n, "note": note(t7, *lines), "valid": ok, "quorum": q, "why": why} for n, lines, ok, q, why in (
        ("log-only", (L,), True, False, "valid note, but nobody cosigned"),
        ("first", (L, late), True, True, "one of the two ways"),
        ("pair", (L, W2.sign(t7, T), W3.sign(t7, T + 9)), True, True, "the other way"),
        ("half-a-pair", (L, W2.sign(t7, T)), True, False, "all of the pair are needed"),
        ("witness-before-log", (late, L), True, True, "the order of lines says nothing"),
        ("stranger", (L, Key("w9.example/witness", "stranger", 4).sign(t7, T)), True, False, "unknown keys are ignored"),
        ("name-of-a-witness", (L, Key(W1.name, "impostor", 4).sign(t7, T)), True, False, "another key under its name"),
        ("no-log", (late,), True, None, "a witness cannot stand in for the log"),
        ("time-altered", (L, moved), False, None, "the time is signed"),
        ("time-beyond-2^63", (L, far), False, None, "a time MUST NOT exceed 2^63 - 1"),
        ("bit-flipped", (L, flip(late)), False, None, "a known key that fails rejects the note"),
        ("log-flipped", (flip(L), late), False, None, "likewise the log's"),
        ("other-text", (L, W1.sign(text(8), T)), False, None, "cosignature of another checkpoint"),
        ("plain-signature", (L, f"\u2014 {W1.name} {b64(W1.id + W1.private.sign(t7.encode()))}\n"), False, None,
         "a witness' key signs cosignature/v1, not the text"),
    )]})


def proof(index, size, body=None, extra="", header="c2sp.org/tlog-proof@v1", lines=None):
    body = body or note(text(size), LOG.sign(text(size)), W1.sign(text(size), T))
    hashes = lines if lines is not None else [b64(h) for h in path(index, HASHES[:size])]
    return f"{header}\n{extra}index {index}\n" + "".join(h + "\n" for h in hashes) + "\n" + body


good = [b64(h) for h in path(6, HASHES[:8])]
write("proofs.json", {"log": LOG.vkey, "witness": W1.vkey, "cases": [
    {"name": n, "proof": p, "entry": e, "valid": ok, "why": why} for n, p, e, ok, why in (
        ("valid", proof(6, 8), "entry 6", True, ""),
        ("single-entry", proof(0, 1), "entry 0", True, "a tree of one has an empty path"),
        ("large", proof(299, 300), "entry 299", True, ""),
        ("extra", proof(6, 8, extra="extra b3BhcXVl\n"), "entry 6", True, "opaque and never trusted"),
        ("wrong-entry", proof(6, 8), "entry 5", False, ""),
        ("wrong-index", proof(6, 8).replace("index 6", "index 7"), "entry 6", False, ""),
        ("index-beyond", proof(6, 8).replace("index 6", "index 8"), "entry 6", False, ""),
        ("leading-zero", proof(6, 8).replace("index 6", "index 06"), "entry 6", False, ""),
        ("hash-dropped", proof(6, 8, lines=good[:-1]), "entry 6", False, ""),
        ("hash-added", proof(6, 8, lines=good + good[-1:]), "entry 6", False, ""),
        ("hashes-swapped", proof(6, 8, lines=good[::-1]), "entry 6", False, ""),
        ("other-version", proof(6, 8, header="c2sp.org/tlog-proof@v2"), "entry 6", False, ""),
        ("other-log", proof(6, 8, body=note(text(8, OTHER_LOG.name), OTHER_LOG.sign(text(8, OTHER_LOG.name)),
                                            W1.sign(text(8, OTHER_LOG.name), T))), "entry 6", False, ""),
        ("no-witness", proof(6, 8, body=note(text(8), LOG.sign(text(8)))), "entry 6", False, "the policy asks for one"),
    )]})


def request(old, size, proof=None, body=None, signer=LOG):
    hashes = consistency(old, HASHES[:size]) if proof is None and 0 < old <= size else (proof or [])
    body = body or text(size)
    return f"old {old}\n" + "".join(b64(h) + "\n" for h in hashes) + "\n" + note(body, signer.sign(body))


FORK = HASHES[:3] + [leaf(b"another history")] + HASHES[4:]
write("witness.json", {"log": LOG.vkey, "witness": W1.vkey, "seed_label": "LETHE-VECTOR witness 1", "steps": [
    {"name": n, "request": r, "status": s, "body": b} for n, r, s, b in (
        ("unknown log", request(0, 1, body=text(1, "nobody.example/log"), signer=Key("nobody.example/log", "log", 1)), 404, None),
        ("forged", request(0, 3).replace(LOG.sign(text(3)), flip(LOG.sign(text(3)))), 403, None),
        ("another key under the name", request(0, 3, signer=Key(ORIGIN, "impostor", 1)), 403, None),
        ("proof from nothing", request(0, 3, proof=[HASHES[0]]), 422, None),
        ("first", request(0, 3), 200, None),
        ("stale", request(0, 7), 409, "3\n"),
        ("again", request(3, 3), 200, None),
        ("no proof", request(3, 7, proof=[HASHES[0]][:0] or None, ).replace(
            "".join(b64(h) + "\n" for h in consistency(3, HASHES[:7])), ""), 422, None),
        ("wrong proof", request(3, 7, proof=consistency(4, HASHES[:7])), 422, None),
        ("grow", request(3, 7), 200, None),
        ("backwards", request(7, 3, proof=[]), 400, None),
        ("another history of the same size", request(7, 7, body=text(7, hashes=FORK)), 409, "7\n"),
        ("another history that grew", request(7, 8, proof=consistency(7, FORK[:8]), body=text(8, hashes=FORK)), 422, None),
        ("a size that was cosigned before", request(3, 8), 409, "7\n"),
        ("grow by hundreds", request(7, 300), 200, None),
        ("leading zero", request(300, 300).replace("old 300", "old 0300"), 400, None),
        ("negative", request(300, 300).replace("old 300", "old -1"), 400, None),
        ("no empty line", request(300, 300).replace("\n\n", "\n"), 400, None),
        ("too long a proof", request(300, 300, proof=[HASHES[0]] * 64), 400, None),
        ("short hash", request(300, 300).replace("old 300\n", "old 300\nAAAA\n"), 400, None),
        ("size is a word", request(300, 300, body=text(7).replace("\n7\n", "\nseven\n")), 400, None),
        ("proof where none belongs", request(300, 300, proof=[HASHES[0]]), 422, None),
        ("nothing", "", 400, None),
    )]})

names = {"one": W1, "two": W2, "three": W3}
w = lambda *which: "".join(f"witness {n} {names[n].vkey}\n" for n in which)
write("policies.json", {"witnesses": {n: k.vkey for n, k in names.items()}, "valid": [
    {"name": n, "policy": p, "met": met, "missed": missed} for n, p, met, missed in (
        ("none", "quorum none\n", [[], ["one"]], []),
        ("one", w("one") + "quorum one\n", [["one"], ["one", "two"]], [[], ["two"]]),
        ("two-of-three", w("one", "two", "three") + "group g 2 one two three\nquorum g\n",
         [["one", "two"], ["two", "three"], ["one", "two", "three"]], [[], ["one"], ["three"]]),
        ("any", w("one", "two") + "group g any one two\nquorum g\n", [["one"], ["two"]], [[], ["three"]]),
        ("all", w("one", "two") + "group g all one two\nquorum g\n", [["one", "two"]], [["one"], ["two"]]),
        ("nested", w("one", "two", "three") + "group p all two three\ngroup g any one p\nquorum g\n",
         [["one"], ["two", "three"]], [["two"], ["three"]]),
        ("blank-tabs-comments", "\n \t \n# a comment\n\t# another\n\twitness\tone   " + W1.vkey + "  https://w.example \n quorum one",
         [["one"]], [[]]),
        ("names-are-octets", f"witness K {W1.vkey}\nwitness \u212a {W2.vkey}\ngroup g all K \u212a\nquorum g\n",
         [["one", "two"]], [["one"], ["two"]]),
        ("unused-witness", w("one", "two") + "quorum two\n", [["two"]], [["one"]]),
        ("log", f"log {LOG.vkey} https://log.example/\nquorum none\n", [[]], []),
    )], "invalid": [{"name": n, "policy": p} for n, p in (
        ("empty", ""), ("no-quorum", w("one")), ("two-quorums", w("one") + "quorum one\nquorum one\n"),
        ("quorum-before", "quorum one\n" + w("one")), ("unknown-line", "witnesses\nquorum none\n"),
        ("unknown-quorum", "quorum x\n"), ("none-defined", f"witness none {W1.vkey}\nquorum none\n"),
        ("none-in-group", w("one") + "group g any one none\nquorum g\n"),
        ("name-twice", w("one") + f"witness one {W2.vkey}\nquorum one\n"),
        ("key-twice", w("one") + f"witness two {W1.vkey}\nquorum one\n"),
        ("key-under-two-names", w("one") + f"witness two {Key('other.example/w', 'witness 1', 4).vkey}\nquorum one\n"),
        ("log-twice", f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none\n"),
        ("member-twice", w("one") + "group g 1 one one\nquorum g\n"),
        ("member-of-two", w("one", "two") + "group g any one\ngroup h all one two\nquorum h\n"),
        ("member-below", "group g any one\n" + w("one") + "quorum g\n"), ("self", "group g any g\nquorum g\n"),
        ("threshold-0", w("one") + "group g 0 one\nquorum g\n"), ("threshold-2", w("one") + "group g 2 one\nquorum g\n"),
        ("threshold-01", w("one") + "group g 01 one\nquorum g\n"), ("threshold-sign", w("one") + "group g +1 one\nquorum g\n"),
        ("threshold-word", w("one") + "group g most one\nquorum g\n"), ("no-member", "group g any\nquorum none\n"),
        ("log-key-as-witness", f"witness one {LOG.vkey}\nquorum one\n"), ("witness-key-as-log", f"log {W1.vkey}\nquorum none\n"),
        ("carriage-return", w("one") + "quorum one\r\n"), ("nul", "quorum none\0\n"),
        ("too-many-words", w("one") + "quorum one one\n"), ("wrong-id", w("one").replace(W1.id.hex(), "00000000") + "quorum one\n"),
    )]})
