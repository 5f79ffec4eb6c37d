"""Signed tokens (JWT): an issuer that the operator trusts says which key a request stands for.

A token sees what its key sees, no more, and ends with it.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from api.errors import UNAUTHENTICATED, Problem
from api.settings import ServerSettings
from warehouse.errors import WarehouseError

# By the key's own type, never by what the token claims: else a public key would do as a password.
ALGORITHMS = {
    "RSA": ["RS256", "RS384", "RS512"],
    "oct": ["HS256", "HS384", "HS512"],
    "OKP": ["EdDSA"],
}


class KeySetError(WarehouseError):
    """The file of the tokens' keys cannot be used; the API did not start."""


@dataclass(frozen=True)
class Claims:
    """What a token says: which key, and which of its scopes; none = all of them."""

    prefix: str
    scopes: frozenset[str] | None


@dataclass(frozen=True)
class Tokens:
    """Checks tokens against the keys of one file."""

    keys: tuple[jwt.PyJWK, ...]
    issuer: str | None
    audience: str
    key_claim: str

    def check(self, token: str) -> Claims:
        """What a token says, if one of our keys signed it and its time has not run out."""
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            claims = self._verified(token, kid)
        except jwt.PyJWTError as error:
            raise Problem(UNAUTHENTICATED, f"The token does not hold: {error}.") from error
        prefix, scope = claims.get(self.key_claim), claims.get("scope")
        if not isinstance(prefix, str) or "\0" in prefix:
            raise Problem(UNAUTHENTICATED, f"The token has no {self.key_claim}.")
        return Claims(prefix, frozenset(scope.split()) if isinstance(scope, str) else None)

    def _verified(self, token: str, kid: Any) -> dict[str, Any]:
        tried = [key for key in self.keys if kid is None or key.key_id == kid]
        failure: jwt.PyJWTError = jwt.InvalidKeyError("no key of that name")
        for key in tried:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key,
                    algorithms=ALGORITHMS[str(key.key_type)],
                    issuer=self.issuer,
                    audience=self.audience,
                    options={"require": ["exp"]},
                )
            except jwt.InvalidSignatureError as error:
                failure = error
            else:
                return claims
        raise failure


def open_tokens(settings: ServerSettings) -> Tokens | None:
    """The checker that the settings ask for; none where they name no file."""
    if settings.jwks_file is None:
        return None
    keys = _read(settings.jwks_file)
    return Tokens(keys, settings.jwt_issuer, settings.jwt_audience, settings.jwt_key_claim)


def _read(path: Path) -> tuple[jwt.PyJWK, ...]:
    try:
        keys = tuple(jwt.PyJWKSet.from_dict(json.loads(path.read_bytes())).keys)
    except (OSError, ValueError, AttributeError, jwt.PyJWTError) as error:
        raise KeySetError(
            f"{path} is no JWKS that can be read ({error}); the API did not start."
        ) from error
    unknown = sorted({str(key.key_type) for key in keys} - ALGORITHMS.keys())
    if unknown:
        raise KeySetError(f"{path} has keys of type {', '.join(unknown)}, which are not supported.")
    return keys
