"""Merkle trees as in RFC 6962: roots, the paths that prove a leaf or a growth, and their checks.

A leaf is given as its hash; what is hashed into it is said by `canonical`. Only the standard library
is used here, so that a proof can be checked anywhere.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

SIZE = 32
LEAF, NODE = b"\x00", b"\x01"
EMPTY = sha256().digest()
CHUNK = 1 << 16  # leaves folded at once: 2 MB


def leaf(content: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(LEAF + content).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(NODE + left + right).digest()


def cut(hashes: bytes) -> list[bytes]:
    """Hashes that were laid end to end."""
    return [hashes[at : at + SIZE] for at in range(0, len(hashes), SIZE)]


def root(hashes: bytes) -> bytes:
    """The root over leaf hashes that are laid end to end."""
    while len(hashes) > SIZE:
        hashes = _level_above(hashes)
    return hashes or EMPTY


def _level_above(hashes: bytes) -> bytes:
    """A last one without a partner goes up as it is: the split that the RFC makes from the top."""
    pairs = range(0, len(hashes) - SIZE, 2 * SIZE)
    above = [sha256(NODE + hashes[at : at + 2 * SIZE]).digest() for at in pairs]
    if len(hashes) // SIZE % 2:
        above.append(hashes[-SIZE:])
    return b"".join(above)


class Growing:
    """A tree that leaves are added to: it keeps the roots of its perfect subtrees and nothing else."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if len(self.peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} perfect subtrees")

    def add(self, hash_: bytes, leaves: int = 1) -> None:
        """Add a leaf, or a perfect subtree that is no larger than the ones before it."""
        while self.size & leaves:
            hash_ = node(self.peaks.pop(), hash_)
            self.size -= leaves
            leaves *= 2
        self.peaks.append(hash_)
        self.size += leaves

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.peaks:
            return EMPTY
        *left, folded = self.peaks
        for peak in reversed(left):
            folded = node(peak, folded)
        return folded


def root_of_chunks(chunks: Iterable[bytes]) -> tuple[int, bytes]:
    """How many leaves there are in the chunks, and their root; in memory for one chunk."""
    tree, waiting = Growing(), bytearray()
    for chunk in chunks:
        waiting += chunk
        while len(waiting) >= CHUNK * SIZE:
            tree.add(root(bytes(waiting[: CHUNK * SIZE])), CHUNK)
            del waiting[: CHUNK * SIZE]
    if not tree.size:
        return len(waiting) // SIZE, root(bytes(waiting))
    for hash_ in cut(bytes(waiting)):
        tree.add(hash_)
    return tree.size, tree.root()


# -- proofs ----------------------------------------------------------------------------------------


def inclusion(hashes: bytes, index: int) -> list[bytes]:
    """The path from a leaf to the root: RFC 6962, section 2.1.1."""
    path = []
    while len(hashes) > SIZE:
        beside = index ^ 1
        if beside * SIZE < len(hashes):
            path.append(hashes[beside * SIZE : (beside + 1) * SIZE])
        hashes, index = _level_above(hashes), index // 2
    return path


def consistency(hashes: bytes, old: int) -> list[bytes]:
    """The path that proves a tree to begin with its first `old` leaves: RFC 6962, section 2.1.2."""
    size = len(hashes) // SIZE
    return list(_consistency(hashes, old, whole=True)) if 0 < old < size else []


def _consistency(hashes: bytes, old: int, *, whole: bool) -> Iterator[bytes]:
    size = len(hashes) // SIZE
    if old == size:
        if not whole:
            yield root(hashes)
        return
    split = 1 << ((size - 1).bit_length() - 1)
    left, right = hashes[: split * SIZE], hashes[split * SIZE :]
    if old <= split:
        yield from _consistency(left, old, whole=whole)
        yield root(right)
    else:
        yield from _consistency(right, old - split, whole=False)
        yield root(left)


def is_included(leaf_: bytes, index: int, size: int, path: Sequence[bytes], root_: bytes) -> bool:
    """Whether the path leads from the leaf to the root: RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    at, last, hash_ = index, size - 1, leaf_
    for beside in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            hash_ = node(beside, hash_)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hash_ = node(hash_, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and hash_ == root_


def is_consistent(
    old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]
) -> bool:
    """Whether the path proves that the new tree begins with the old one: RFC 9162, section 2.1.4.2."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for beside in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node(beside, before), node(beside, after)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            after = node(after, beside)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root
