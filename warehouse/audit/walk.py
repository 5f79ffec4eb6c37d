"""Walks the chain of seals: each must hold together, follow the one before, and bear a trusted signature.

What the seals say of events and rows is left to `contents`.
"""

from collections.abc import Iterator

from warehouse.audit import merkle
from warehouse.audit.canonical import VERSION
from warehouse.audit.findings import Finding, What
from warehouse.audit.heads import Head, Keys
from warehouse.audit.seals import Seal


class Walk:
    """Where the walk has come to."""

    def __init__(self, keys: Keys, anchor: Seal | None = None) -> None:
        """From the first seal, or from after one whose head is believed for its signature."""
        self.keys = keys
        self.head: Head | None = anchor.head if anchor else None
        self.log = anchor.log if anchor else merkle.Growing()

    def step(self, seal: Seal) -> Iterator[Finding]:
        """What is wrong with the next seal."""
        for told in self._problems(seal):
            yield Finding(What.HEAD, f"seal {seal.seal_id} {told}", seal.seal_id)
        self.head, self.log = seal.head, seal.log

    def _problems(self, seal: Seal) -> Iterator[str]:
        before = self.head.seal_id if self.head else 0
        follows = seal.seal_id == before + 1
        if not follows:
            yield f"comes after seal {before}: those in between are gone"
        if seal.canonical_version != VERSION:
            yield f"is in a form, version {seal.canonical_version}, that this program does not know"
        yield from _inside(seal)
        if follows:
            yield from self._outside(seal)
        if problem := seal.head.problem(self.keys):
            yield problem

    def _outside(self, seal: Seal) -> Iterator[str]:
        sealed = self.head.tree_size if self.head else 0
        if seal.tree_size != sealed + seal.leaf_count:
            yield f"counts {seal.tree_size} events so far, not {sealed + seal.leaf_count}"
        if seal.previous_head_hash != (self.head.hash if self.head else None):
            yield "names another head as the one before it"
        self.log.add(seal.batch_hash)
        if self.log.root() != seal.log_root:
            yield "does not add its batch to the tree of the log"


def _inside(seal: Seal) -> Iterator[str]:
    """What of a seal does not make its own hashes."""
    if merkle.root(seal.leaf_hashes) != seal.merkle_root:
        yield "holds leaves that do not make its root"
    if seal.batch.hash != seal.batch_hash:
        yield "is not the batch that was hashed"
    if seal.head.hash != seal.head_hash:
        yield "is not the head that was hashed"
    if seal.log.root() != seal.log_root:
        yield "holds peaks that do not make the root of the log"
