"""`python -m api` serves the read API with the settings of the environment; `warehouse serve` runs it."""

import sys
from collections.abc import Callable

from pydantic import ValidationError

from api.server import serve
from api.settings import ServerSettings
from warehouse.errors import WarehouseError


def main() -> None:
    run_or_say(lambda: serve(ServerSettings()))


def run_or_say(run: Callable[[], None]) -> None:
    """What keeps it from running is one sentence."""
    try:
        run()
    except KeyboardInterrupt:
        sys.exit(130)
    except ValidationError as error:
        sys.exit(f"error: {_first_setting(error)}")
    except WarehouseError as error:
        sys.exit(f"error: {error}")


def _first_setting(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"WAREHOUSE_API_{str(first['loc'][0]).upper()}: {first['msg']}"


if __name__ == "__main__":
    main()
