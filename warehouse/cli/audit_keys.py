"""`warehouse audit keys`: the key that signs, and those that are trusted."""

import typer

from warehouse.audit.heads import fingerprint
from warehouse.audit.keys import (
    create_key,
    key_file,
    public_pem,
    signing_key,
    trusted_file,
    trusted_keys,
)
from warehouse.cli.output import Json, emit, lines, table
from warehouse.settings import AuditSettings

app = typer.Typer(no_args_is_help=True, help="Make, show and list the keys of the seals.")


@app.command()
def create() -> None:
    """Make a key to sign with, and trust it from now on.

    Example: warehouse audit keys create
    """
    settings = AuditSettings()
    public = create_key(settings)
    made = f"Key {fingerprint(public)} is in {key_file(settings)}, its public half in"
    lines([f"{made} {trusted_file(settings)}.", "Keep both out of reach of who runs the database."])


@app.command("public")
def show_public() -> None:
    """Print the public half of the key that signs, for whoever is to check.

    Example: warehouse audit keys public > tapehouse.pem
    """
    print(public_pem(signing_key(AuditSettings()).public_key()), end="")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the keys that are trusted.

    Example: warehouse audit keys list
    """
    found = [{"key": name} for name in trusted_keys(AuditSettings())]
    emit(found, as_json, lambda rows: table(rows, "No key is trusted."))
