"""`warehouse accounts`: what is kept of accounts and only their key can read."""

from typing import Annotated

import typer

from warehouse.cli.partition_options import connection
from warehouse.errors import WarehouseError
from warehouse.ingest.account_numbers import AccountNumbers
from warehouse.settings import AccountSettings
from warehouse.sql import query

app = typer.Typer(no_args_is_help=True, help="Read what of accounts is kept encrypted.")


@app.command()
def number(
    account: Annotated[str, typer.Argument(help="Account, by its public id (account_hash).")],
) -> None:
    """Print the broker's number of an account, read with the key in WAREHOUSE_ACCOUNT_KEY.

    Example: warehouse accounts number acc-1
    """
    numbers = AccountNumbers.of(AccountSettings())
    with connection() as conn:
        asked = {"account_hash": account}
        row = conn.execute(query("ingest/read_account_number"), asked).fetchone()
    if row is None:
        raise WarehouseError(f"There is no account {account}; accounts are named by account_hash.")
    print(numbers.read(row[0]))
