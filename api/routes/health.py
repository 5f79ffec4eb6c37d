"""Whether the process lives, and whether requests may be sent to it."""

from fastapi import APIRouter, Request

from api.deps import Reading, problems
from api.errors import NOT_READY, Problem
from api.schemas import Check, Live, Readiness

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def live() -> Live:
    """Answer without asking anyone: a process that does not is to be restarted."""
    return Live()


@router.get("/ready", responses=problems(_503="What is missing, in `checks`."))
async def ready(request: Request, reader: Reading) -> Readiness:
    """Say whether requests may be sent here: the database, its schema, its partitions."""
    try:
        rows = await reader.rows("readiness", expected_revision=request.app.state.revision)
    except Problem as problem:
        return _require([Check(name="database", ok=False, detail=problem.detail)])
    database = Check(name="database", ok=True, detail="it answers")
    return _require(
        [database, *(Check(name=r["check_name"], ok=r["ok"], detail=r["detail"]) for r in rows)]
    )


def _require(checks: list[Check]) -> Readiness:
    failed = [check.name for check in checks if not check.ok]
    if failed:
        listed = [check.model_dump() for check in checks]
        raise Problem(NOT_READY, f"Not in order: {', '.join(failed)}.", checks=listed)
    return Readiness(checks=checks)
