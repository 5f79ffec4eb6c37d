"""What is counted and measured, for Prometheus."""

from fastapi import APIRouter, Request, Response

from api import metrics

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
async def show(request: Request) -> Response:
    """Without a key, like the health routes: it names routes and counts, never who asked or for what."""
    return Response(metrics.exposed(request.app.state.service), media_type=metrics.MEDIA_TYPE)
