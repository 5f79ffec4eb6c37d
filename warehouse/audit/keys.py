"""Keys: the one that signs, from the environment or a file, and those that are trusted to have signed.

Which keys are trusted is never asked of the database: whoever can rewrite a head could add a key there.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from warehouse.audit.errors import KeyMissing, KeyUnreadable
from warehouse.audit.heads import Keys, fingerprint, read_public_keys
from warehouse.settings import AuditSettings, StateSettings

KEY, TRUSTED = "audit/key.pem", "audit/trusted.pem"


def key_file(settings: AuditSettings) -> Path:
    """Where the signing key is, or is to be."""
    return settings.key_file or StateSettings().home / KEY


def trusted_file(settings: AuditSettings) -> Path:
    """Where the public keys are that `verify` believes."""
    return settings.trusted_keys or StateSettings().home / TRUSTED


def signing_key(settings: AuditSettings) -> Ed25519PrivateKey:
    """The key that heads are signed with."""
    if settings.key:
        # A variable on one line says its line ends as \n.
        return _private(settings.key.get_secret_value().replace("\\n", "\n"), "WAREHOUSE_AUDIT_KEY")
    path = key_file(settings)
    if not path.exists():
        raise KeyMissing
    return _private(path.read_text(), str(path))


def trusted_keys(settings: AuditSettings, files: Sequence[Path] = ()) -> Keys:
    """The keys of the files; without any those that are trusted here, and our own."""
    if files:
        return {name: key for path in files for name, key in _public(path).items()}
    trusted = dict(_public(path)) if (path := trusted_file(settings)).exists() else {}
    try:
        own = signing_key(settings).public_key()
    except KeyMissing:
        return trusted
    return trusted | {fingerprint(own): own}


def create_key(settings: AuditSettings) -> Ed25519PublicKey:
    """Make a signing key, for its owner's eyes alone, and trust it besides those trusted before."""
    key, path = Ed25519PrivateKey.generate(), key_file(settings)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write(path, secret, os.O_EXCL)
    except FileExistsError as error:
        raise KeyUnreadable(
            f"{path} holds a key already, and it was left alone. To change keys, name a new file in "
            "WAREHOUSE_AUDIT_KEY_FILE and make it there; what the old one signed stays trusted."
        ) from error
    trust = trusted_file(settings)
    trust.parent.mkdir(parents=True, exist_ok=True)
    _write(trust, public_pem(key.public_key()).encode(), os.O_APPEND)
    return key.public_key()


def public_pem(key: Ed25519PublicKey) -> str:
    """A public key as others take it."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _write(path: Path, content: bytes, flag: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flag, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a path would open it anew
        file.write(content)
        file.flush()
        os.fsync(descriptor)


def _private(pem: str, origin: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as error:
        raise KeyUnreadable(f"{origin} holds no private key in PEM without a password.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnreadable(f"{origin} holds a key of another kind than Ed25519.")
    return key


def _public(path: Path) -> Keys:
    try:
        return read_public_keys(path.read_text())
    except (OSError, ValueError) as error:
        raise KeyUnreadable(f"{path} holds no public keys of Ed25519 in PEM: {error}") from error
