"""A signed token stands for a key: it sees what the key sees, as long as both live, and no forged one does."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from fastapi import FastAPI
from jwt.algorithms import HMACAlgorithm, OKPAlgorithm, RSAAlgorithm
from psycopg import Connection

from api.settings import ServerSettings
from api.tokens import KeySetError, open_tokens
from tests.api.serving import client_of, started
from tests.api.test_keys import prefix
from tests.api.test_tenants import told
from tests.api.world import ONE
from warehouse.db.target import Target

ROUTE = "/v1/market/instruments"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ED_KEY = ed25519.Ed25519PrivateKey.generate()
SECRET = b"s" * 32
SIGNERS: dict[str, Any] = {"RS256": RSA_KEY, "EdDSA": ED_KEY, "HS256": SECRET}


@pytest.fixture
def settings(tmp_path: Path, settings: ServerSettings) -> ServerSettings:
    found = [
        {**json.loads(RSAAlgorithm.to_jwk(RSA_KEY.public_key())), "kid": "RS256"},
        {**json.loads(OKPAlgorithm.to_jwk(ED_KEY.public_key())), "kid": "EdDSA"},
        {**json.loads(HMACAlgorithm.to_jwk(SECRET)), "kid": "HS256"},
    ]
    path = tmp_path / "jwks.json"
    path.write_text(json.dumps({"keys": found}))
    return settings.model_copy(update={"jwks_file": path, "jwt_issuer": "us"})


def token(key: str, algorithm: str = "RS256", signer: Any = None, **claims: Any) -> str:
    said = {"client_id": prefix(key), "iss": "us", "aud": "tapehouse", "exp": time.time() + 60}
    kept = {name: value for name, value in (said | claims).items() if value is not None}
    headers = {"kid": claims.pop("kid", algorithm)}
    return jwt.encode(kept, signer or SIGNERS[algorithm], algorithm, headers=headers)


async def status(app: FastAPI, sent: str, route: str = ROUTE) -> int:
    async with client_of(app, sent) as client:
        return (await client.get(route)).status_code


@pytest.mark.parametrize("algorithm", SIGNERS)
async def test_a_token_of_each_kind_is_let_in_and_ends_with_its_key(
    app: FastAPI, key: str, conn: Connection[Any], algorithm: str
) -> None:
    sent = token(key, algorithm)
    assert await status(app, sent) == 200
    recorded = conn.execute(
        "select k.prefix from audit.access as a join ops.api_keys as k using (api_key_id)"
    )
    assert recorded.fetchall() == [(prefix(key),)]
    conn.execute("update ops.api_keys set revoked_at = now()")
    await told()
    assert await status(app, sent) == 401


async def test_a_token_is_checked_with_each_request(app: FastAPI, world: None, key: str) -> None:
    await told()
    mart, sent = f"/v1/portfolios/{ONE.number}/positions", token(key)
    assert [await status(app, sent, mart) for _ in range(3)] == [200] * 3  # by now from memory
    app.state.service.keys.tokens = None  # no token holds any more
    assert await status(app, sent, mart) == 401


async def test_a_token_narrows_scopes_and_never_widens_them(app: FastAPI, key: str) -> None:
    events = "/v1/audit/events"
    assert await status(app, token(key), events) == 200
    assert await status(app, token(key, scope="read"), events) == 403
    assert await status(app, token(key, scope="read audit admin"), events) == 200
    assert await status(app, token(key, scope=""), events) == 403


async def test_a_token_that_does_not_hold_is_refused(app: FastAPI, key: str) -> None:
    wrong = {
        "expired": token(key, exp=time.time() - 60),
        "without an end": token(key, exp=None),
        "another issuer's": token(key, iss="them"),
        "for somebody else": token(key, aud="them"),
        "of no key": token(key, client_id="tape_nobody"),
        "of a key that is no text": token(key, client_id=None),
        "signed by another": token(key, signer=rsa.generate_private_key(65537, 2048)),
        "unsigned": jwt.encode({"client_id": prefix(key), "exp": time.time() + 60}, None, "none"),  # type: ignore[arg-type]
        "cut": token(key)[:-5],
        "no token": "a.b.c",
    }
    for what, sent in wrong.items():
        assert await status(app, sent) == 401, what


async def test_a_public_key_is_no_password(app: FastAPI, key: str) -> None:
    """The kind of signature follows the key it names, not the token's word."""
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    # By hand, for the library would not sign so.
    head = part({"alg": "HS256", "typ": "JWT", "kid": "RS256"})
    said = {"client_id": prefix(key), "iss": "us", "aud": "tapehouse", "exp": time.time() + 60}
    signed = f"{head}.{part(said)}"
    signature = hmac.digest(public, signed.encode(), "sha256")
    assert await status(app, f"{signed}.{encoded(signature)}") == 401


def part(content: dict[str, Any]) -> str:
    return encoded(json.dumps(content).encode())


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


async def test_without_the_file_only_keys_are_taken(
    served: Target, settings: ServerSettings, key: str
) -> None:
    keyless = settings.model_copy(update={"jwks_file": None})
    async with started(served, keyless) as app:
        assert await status(app, token(key)) == 401
        assert await status(app, key) == 200


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "EC"}]}'])
def test_a_file_that_is_no_key_set_is_said_in_a_sentence(
    tmp_path: Path, settings: ServerSettings, content: str
) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(KeySetError, match=r"broken\.json"):
        open_tokens(settings.model_copy(update={"jwks_file": path}))
