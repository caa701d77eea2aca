#!/usr/bin/env python3
"""Checks an exported Strongroom ledger without any code of Strongroom.

    foreign.py DIR KEYFILE      exit 0 accepted, 1 refused, 2 cannot run

The entries are hashed anew with pymerkle, from the bundles alone. The signature of the checkpoint
is checked with tlog_scales, which also walks the hash tiles: three descriptions of one tree
(entries, tiles, signature) by two authors who do not know each other or us. An inclusion and a
consistency proof are made and checked by each of the two.

What it does not check, and strongroom-verify does: that each entry is in canonical form, in the
order of time, and of a known vocabulary.
"""

import json
import re
import sys
from base64 import b64decode
from pathlib import Path

try:
    from pymerkle import InmemoryTree, verify_consistency, verify_inclusion
    from pymerkle.hasher import MerkleHasher
    from tlog_scales.backend import LocalBackend
    from tlog_scales.reader import TilesReader
    from tlog_scales.signing import Vkey
    from tlog_scales.tiles import level_tiles, tile_path
except ImportError as error:
    # Not 1: whoever expects a refusal must not take a missing package for one.
    print(f"cannot run: {error}; pip install -r requirements.txt", file=sys.stderr)
    sys.exit(2)

ENTRIES = -1  # how tlog_scales numbers the level of the bundles
ORIGIN = re.compile(r"strongroom/[0-9a-f-]{36}/(?:system|tenant/([0-9a-f]{32}))")


class Refused(Exception):
    pass


def require(holds, what):
    if not holds:
        raise Refused(what)


def tiles_of(size):
    """The path of every file of a log of this size, with its level, index and width."""
    levels = [ENTRIES] + [level for level in range(8) if size >> (8 * level)]
    for level in levels:
        full, partial = level_tiles(size, level)
        for index in range(full):
            yield "/".join(tile_path(level, index)), level, index, 256
        if partial:
            yield "/".join(tile_path(level, full, partial)), level, full, partial


def checkpoint_of(folder, key):
    """The checkpoint of a log: in its one form, signed by the log's key, about this log."""
    raw = (folder / "checkpoint").read_bytes()
    checkpoint = TilesReader(LocalBackend(folder)).get_checkpoint()
    # The parser is lenient; what it read must be what stands there.
    require(checkpoint.serialize().encode() == raw, "checkpoint is not in its one form")
    checkpoint.verify(key)
    require(checkpoint.origin == key.name, "checkpoint speaks for another log")
    return checkpoint


def entries_of(bundle, width):
    entries, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        entries.append(bundle[at + 2 : at + 2 + length])
        at += 2 + length
    require(at == len(bundle) and len(entries) == width, "bundle does not come apart")
    return entries


def fold(hashes):
    """The root of a full tile: its 256 hashes, pair by pair."""
    pair = MerkleHasher("sha256").hash_pair
    while len(hashes) > 1:
        hashes = [pair(left, right) for left, right in zip(hashes[::2], hashes[1::2])]
    return hashes[0]


def rebuild(folder, size):
    """The entries, and the tree over them, with every file of the log compared."""
    expected = {path for path, *_ in tiles_of(size)} | {"checkpoint"}
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if not p.is_dir()}
    require(expected == found, f"files differ: {sorted(expected ^ found)[:3]}")
    tree, entries, nodes = InmemoryTree(algorithm="sha256"), [], {}
    for path, level, index, width in tiles_of(size):
        data = (folder / path).read_bytes()
        if level == ENTRIES:
            for entry in entries_of(data, width):
                tree.append_entry(entry)
                entries.append(entry)
            continue
        if level == 0:
            # pymerkle counts leaves from one.
            hashes = [tree.get_leaf(256 * index + i + 1) for i in range(width)]
        else:
            hashes = nodes[level - 1][256 * index : 256 * index + width]
        require(data == b"".join(hashes), f"{path}: other hashes than the entries give")
        if width == 256:
            nodes.setdefault(level, []).append(fold(hashes))
    return entries, tree


def check_proofs(folder, tree, checkpoint):
    """Proofs made from the tiles and from the entries, each against the signed root."""
    size, root = checkpoint.size, checkpoint.root_hash
    reader = TilesReader(LocalBackend(folder))
    reader.set_size(size)
    require(reader.calculate_root_hash() == root, "the tiles do not give the signed root")
    for index in sorted({0, size // 2, size - 1}):
        leaf = tree.get_leaf(index + 1)
        reader.get_inclusion_proof(index, size).check(leaf, root)
        proof = tree.prove_inclusion(index + 1, size)
        verify_inclusion(leaf, root, proof, index=index + 1, size=size)
    for old_size in sorted({1, (size + 1) // 2, size}):
        old_root = tree.get_root(old_size)
        reader.get_consistency_proof(old_size, size).check(old_root, root)
        proof = tree.prove_consistency(old_size, size)
        verify_consistency(old_root, root, proof, prior_size=old_size, later_size=size)


def check_log(folder, key):
    checkpoint = checkpoint_of(folder, key)
    entries, tree = rebuild(folder, checkpoint.size)
    require(tree.get_root() == checkpoint.root_hash, "the entries do not give the signed root")
    if entries:
        check_proofs(folder, tree, checkpoint)
    return entries, tree


def logs_of(export):
    folders = {}
    if (export / "system").is_dir():
        folders[None] = export / "system"
    if (export / "tenants").is_dir():
        folders.update({p.name: p for p in (export / "tenants").iterdir()})
    return folders


def check(export, key_file):
    keys, installs = {}, set()
    for line in filter(None, map(str.strip, key_file.read_text().splitlines())):
        key = Vkey.from_string(line)
        named = ORIGIN.fullmatch(key.name)
        require(named and key.sig_type == 1, "key is not an Ed25519 key of a log")
        keys[named.group(1)] = key
        installs.add(key.name.split("/")[1])
    require(len(installs) == 1, "the keys are not of one install")
    folders = logs_of(export)
    require(folders.keys() == keys.keys(), "logs and keys do not match")
    logs = {log: check_log(folders[log], keys[log]) for log in folders}
    heads = [json.loads(entry) for entry in logs[None][0]]
    heads = [entry["hd"] for entry in heads if entry["act"] == "tenant.head"]
    for head in heads:
        require(head["log"] in logs, f"a head of log {head['log']}, which is not there")
        tree = logs[head["log"]][1]
        require(head["size"] <= tree.get_size(), f"log {head['log']} was cut off")
        noted = b64decode(head["root"], validate=True)
        require(tree.get_root(head["size"]) == noted, f"log {head['log']} was rewritten")
    return {log or "sys": len(entries) for log, (entries, _) in logs.items()}, len(heads)


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        logs, heads = check(Path(sys.argv[1]), Path(sys.argv[2]))
    except Exception as error:  # the libraries refuse with errors of many kinds
        print(f"refused: {type(error).__name__}: {error}")
        return 1
    print(f"accepted: {heads} heads, entries {logs}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
