"""Signed heads: what one says, how it is signed and checked, and how it is written down as JSON.

No database and no settings are needed here; keys are handed in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from warehouse.audit import merkle
from warehouse.audit.canonical import framed

Keys = Mapping[str, Ed25519PublicKey]  # those that are trusted, by their fingerprint

PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)


def fingerprint(key: Ed25519PublicKey) -> str:
    """What a head calls the key that it is signed with."""
    return sha256(key.public_bytes_raw()).hexdigest()


def read_public_keys(text: str) -> Keys:
    """The public keys of a text that holds one or more in PEM."""
    keys = [load_pem_public_key(pem.encode()) for pem in PEM.findall(text)]
    if not keys:
        raise ValueError("there is none in it")
    found = [key for key in keys if isinstance(key, Ed25519PublicKey)]
    if len(found) < len(keys):
        raise ValueError("one in it is of another kind")
    return {fingerprint(key): key for key in found}


@dataclass(frozen=True)
class _Page:
    """Hashes are written as hex."""

    @classmethod
    def from_json(cls, page: Mapping[str, Any]) -> Any:
        hashed = {each.name for each in fields(cls) if "bytes" in str(each.type)}
        return cls(
            **{
                each.name: bytes.fromhex(page[each.name])
                if each.name in hashed and page[each.name] is not None
                else page[each.name]
                for each in fields(cls)
            }
        )

    def as_json(self) -> dict[str, Any]:
        values = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: v.hex() if isinstance(v, bytes) else v for name, v in values}


@dataclass(frozen=True)
class Batch(_Page):
    """A batch of events; its times are microseconds from 1970."""

    seal_id: int
    leaf_count: int
    merkle_root: bytes
    ids_sha256: bytes
    first_occurred_at: int
    last_occurred_at: int
    shapes_sha256: bytes

    @cached_property
    def hash(self) -> bytes:
        """The batch as a leaf of the log's tree."""
        return merkle.leaf(framed("batch", *(getattr(self, each.name) for each in fields(self))))


@dataclass(frozen=True)
class Head(_Page):
    """The log up to a batch: the batch, the root over all batches, and the head before it."""

    seal_id: int
    tree_size: int
    batch_hash: bytes
    log_root: bytes
    previous_head_hash: bytes | None
    sealed_at: int
    key_id: str
    signature: bytes = b""

    @cached_property
    def hash(self) -> bytes:
        """What is signed, and what the next head names."""
        signed = (getattr(self, each.name) for each in fields(self) if each.name != "signature")
        return sha256(framed("head", *signed)).digest()

    def sign(self, key: Ed25519PrivateKey) -> "Head":
        """The same head with its signature."""
        return replace(self, signature=key.sign(self.hash))

    def problem(self, keys: Keys) -> str | None:
        """Why its signature is not to be believed, or None."""
        if self.key_id not in keys:
            return f"is signed with the key {self.key_id[:16]}…, which is not trusted"
        try:
            keys[self.key_id].verify(self.signature, self.hash)
        except InvalidSignature:
            return f"bears a signature that the key {self.key_id[:16]}… did not make"
        return None
