"""`warehouse doctor`: what is wrong with an installation, and how to mend it."""

from dataclasses import asdict

import typer

from warehouse.cli.output import Json, console, emit
from warehouse.observe.doctor import State, examine

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(as_json: Json = False) -> None:
    """Examine the installation; exits with 1 when something must be mended.

    Example: warehouse doctor
    """
    findings = [asdict(finding) for finding in examine()]
    emit(findings, as_json, show)
    if any(finding["state"] == State.FAIL for finding in findings):
        raise typer.Exit(1)


def show(findings: list[dict[str, str]]) -> None:
    for finding in findings:
        colour = COLOURS[finding["state"]]
        console.print(f"[{colour}]{finding['state']:<5}[/{colour}]", end="")
        console.print(f"{finding['check']:<11}{finding['found']}", markup=False, soft_wrap=True)
        if finding["cure"]:
            console.print(f"{'':<16}{finding['cure']}", markup=False, soft_wrap=True)
