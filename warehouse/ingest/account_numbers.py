"""Account numbers: encrypted before they leave the process, unique by a keyed hash, read with the key alone.

One number always becomes the same octets, so that a load told again changes nothing.
"""

import base64
import binascii

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from warehouse.errors import WarehouseError
from warehouse.settings import AccountSettings

KEY_BYTES = 32


class NoAccountKey(WarehouseError):
    """WAREHOUSE_ACCOUNT_KEY holds no key for account numbers."""


class ForeignNumber(WarehouseError):
    """The number was encrypted with another key; set WAREHOUSE_ACCOUNT_KEY to the one of its load."""


class AccountNumbers:
    """What one key makes of account numbers."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESSIV(_derived(key, b"account number", 64))
        self._hashing = _derived(key, b"account number digest", 32)

    @classmethod
    def of(cls, settings: AccountSettings) -> "AccountNumbers":
        """With the key from the environment."""
        text = settings.account_key.get_secret_value() if settings.account_key else ""
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error:
            key = b""
        if len(key) < KEY_BYTES:
            raise NoAccountKey(
                "Account numbers are kept encrypted, and WAREHOUSE_ACCOUNT_KEY holds no key. Nothing was "
                "done; `openssl rand -base64 32` makes one. Keep it as long as the accounts."
            )
        return cls(key)

    def encrypted(self, number: str) -> bytes:
        return self._cipher.encrypt(number.encode(), None)

    def digest(self, number: str) -> bytes:
        """What the number is unique by; tells nothing to whoever lacks the key."""
        code = HMAC(self._hashing, SHA256())
        code.update(number.encode())
        return code.finalize()

    def read(self, encrypted: bytes) -> str:
        try:
            return self._cipher.decrypt(encrypted, None).decode()
        except (InvalidTag, ValueError) as error:  # ValueError: too short to be any number
            raise ForeignNumber from error


def _derived(key: bytes, purpose: bytes, size: int) -> bytes:
    return HKDF(SHA256(), size, None, purpose).derive(key)
