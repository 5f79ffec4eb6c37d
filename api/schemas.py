"""What the answers that are no reports look like: problems, and the state of the server."""

from pydantic import BaseModel, Field


class FieldProblem(BaseModel):
    """One field that is wrong."""

    field: str
    detail: str


class Problem(BaseModel):
    """An RFC 9457 problem; members that say nothing are left out."""

    type: str = Field(examples=["urn:tapehouse:problem:bad_cursor"])
    title: str = Field(description="The kind of problem.")
    status: int = Field(description="The HTTP status.", examples=[400])
    detail: str = Field(description="What happened this time.")
    code: str = Field(description="What to program against.", examples=["bad_cursor"])
    hint: str | None = Field(default=None, description="What to do next.")
    field: str | None = Field(default=None, description="The parameter that is wrong.")
    request_id: str | None = Field(default=None, description="What to name when reporting it.")
    errors: list[FieldProblem] | None = Field(
        default=None, description="All that is wrong, when it is more than one parameter."
    )


class Check(BaseModel):
    """One thing that must hold before requests are sent here."""

    name: str = Field(examples=["database"])
    ok: bool
    detail: str


class Live(BaseModel):
    """The process answers."""

    live: bool = True


class Readiness(BaseModel):
    """Everything a request needs is there."""

    ready: bool = True
    checks: list[Check]
