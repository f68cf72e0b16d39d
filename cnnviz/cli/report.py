"""`report`: what is handed in, as one HTML page that proves itself."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cnnviz.cli import files, progress
from cnnviz.cli.answer import Command, Group, answer, table
from cnnviz.cli.options import Force, Json
from cnnviz.errors import ConfigError
from cnnviz.formatting import size

if TYPE_CHECKING:
    from cnnviz.report.document import Document

report = typer.Typer(name="report", cls=Group, no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="REPORT", help="As `report list` has it.")]


@report.callback()
def reports() -> None:
    """What is handed in: one HTML page."""


@report.command("new", cls=Command)
def new(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="Its heading.")],
    *,
    runs: Annotated[
        list[str] | None, typer.Option("--run", help="A run that it is about; repeatable.")
    ] = None,
    study: Annotated[str | None, typer.Option(help="The study that it is about.")] = None,
    experiments: Annotated[
        str | None, typer.Option(metavar="000|001|…", help="The experiments of one of the five lab reports.")
    ] = None,
    question: Annotated[str, typer.Option(help="What was asked, in a sentence or two.")] = "",
    author: Annotated[str, typer.Option(help="Who hands it in.")] = "",
    as_json: Json = False,
) -> None:
    """Outline a report: of runs, a study, or a lab report's experiments; without any, an empty one to pin to."""
    from pydantic import ValidationError

    from cnnviz.report import folder, outline
    from cnnviz.report.document import Document

    if sum(map(bool, (runs, study, experiments))) > 1:
        raise typer.BadParameter("A report is about runs, a study or experiments: choose one.")
    if runs:
        work = outline.of_runs(title, runs, question=question, author=author)
    elif study:
        work = outline.of_study(study, title=title, question=question, author=author)
    elif experiments:
        work = outline.of_lab_report(experiments, title=title, author=author)
    else:
        work = None
    try:
        document = (
            progress.run(work, "Outlining")
            if work
            else Document(title=title, question=question, author=author)
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ConfigError(f"The report's {first['loc'][0]}: {first['msg'].lower()}.") from None
    name = folder.create(document)
    count = f"{len(list(document.pins))} figures in {len(document.sections)} sections"
    answer(
        _summary(name, document),
        f"{name}: {count}. To write it: python -m cnnviz report write {name}",
        as_json=as_json,
    )


@report.command("labs", cls=Command)
def labs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go.")],
    *,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write the reports of the five lab reports' experiments: what they say beside what came out here."""
    from cnnviz.recipes import library
    from cnnviz.report import outline, writing

    found: list[dict[str, Any]] = []
    for one in library.reports():
        target = files.destination(folder / f"{one.report}.html", suffixes=(".html",), force=force)
        document = progress.run(outline.of_lab_report(one.report), f"Outlining {one.report}")
        files.write(target, progress.run(writing.write(document), f"Writing {one.report}").encode())
        found.append({"report": one.report, "file": str(target), "bytes": target.stat().st_size})
    lines = [f"{one['file']}, {size(one['bytes'])}" for one in found]
    answer(found, "\n".join(lines), as_json=as_json)


@report.command("list", cls=Command)
def listing(*, as_json: Json = False) -> None:
    """List all reports."""
    from cnnviz.report import folder

    found = folder.every()
    lines = [["REPORT", "FIGURES", "TITLE"]]
    lines += [
        [one.id, str(len(list(one.document.pins))), one.document.title]
        if one.document
        else [one.id, "damaged", one.damage]
        for one in found
    ]
    documents = [
        _summary(one.id, one.document) if one.document else {"id": one.id, "damage": one.damage}
        for one in found
    ]
    answer(documents, table(lines) if found else "There is no report yet: `report new`.", as_json=as_json)


@report.command("show", cls=Command)
def show(name: Name, *, as_json: Json = False) -> None:
    """Show the outline of a report."""
    from cnnviz.report import folder

    document = folder.read(name)
    lines = [document.title]
    number = 0
    for section in document.sections:
        lines += ["", section.title]
        for pin in section.pins:
            number += 1
            lines.append(f"  {number}. {pin.figure.command}" + (f": {pin.words}" if pin.words else ""))
    answer(document.model_dump(mode="json") | {"id": name}, "\n".join(lines), as_json=as_json)


@report.command("write", cls=Command)
def write(
    name: Name,
    *,
    out: Annotated[
        Path | None, typer.Option(help="The file; without it, one with the report's name here.")
    ] = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Draw all figures and write the report as one HTML file that needs no network and no script."""
    from cnnviz.report import folder, writing

    document = folder.read(name)
    target = files.destination(out or Path(f"{name}.html"), suffixes=(".html",), force=force)
    page = progress.run(writing.write(document), "Writing the report")
    files.write(target, page.encode())
    written = target.stat().st_size
    answer(
        {"report": name, "file": str(target), "bytes": written}, f"{target}, {size(written)}", as_json=as_json
    )


@report.command("check", cls=Command)
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A report, as `report write` wrote it.")],
    *,
    as_json: Json = False,
) -> None:
    """Draw a report's figures again and say which hold: same files, same pictures, same numbers."""
    from cnnviz.report import checking

    found = progress.run(checking.check(file), "Checking")
    held = sum(one.state in ("holds", "rounding") for one in found)
    lines = [
        [
            f"figure {one.number}",
            one.title,
            checking.WORDS[one.state] + (f": {one.words}" if one.words else ""),
        ]
        for one in found
    ]
    answer(
        {"file": str(file), "figures": [asdict(one) for one in found], "hold": held},
        f"{table(lines)}\n{held} of {len(found)} figures hold.",
        as_json=as_json,
    )
    if held < len(found):
        raise typer.Exit(1)


@report.command("delete", cls=Command)
def delete(name: Name, *, as_json: Json = False) -> None:
    """Delete a report's outline; runs stay, and files that were written."""
    from cnnviz.report import folder

    folder.delete(name)
    answer({"deleted": name}, f"Deleted {name}.", as_json=as_json)


def _summary(name: str, document: "Document") -> dict[str, Any]:
    return {
        "id": name,
        "title": document.title,
        "sections": [one.title for one in document.sections],
        "figures": len(list(document.pins)),
    }
