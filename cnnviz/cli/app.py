"""All commands, and the way into them."""

import sys
from io import TextIOWrapper

import typer

from cnnviz.cli.activations import activations
from cnnviz.cli.answer import Command
from cnnviz.cli.attribute import attribute
from cnnviz.cli.change import change
from cnnviz.cli.channel import channel
from cnnviz.cli.compare import compare
from cnnviz.cli.data import data
from cnnviz.cli.diagnose import diagnose
from cnnviz.cli.doctor import doctor
from cnnviz.cli.embedding import embedding
from cnnviz.cli.evaluate import evaluate
from cnnviz.cli.export import export
from cnnviz.cli.filters import filters
from cnnviz.cli.find_rate import find_rate
from cnnviz.cli.import_network import import_network
from cnnviz.cli.index import index
from cnnviz.cli.layers import layers
from cnnviz.cli.maximise import maximise
from cnnviz.cli.models import models
from cnnviz.cli.predictions import predictions
from cnnviz.cli.queue import queue
from cnnviz.cli.recipes import recipes
from cnnviz.cli.report import report
from cnnviz.cli.reproduce import reproduce
from cnnviz.cli.robustness import robustness
from cnnviz.cli.runs import delete, note, runs, stop
from cnnviz.cli.statistics import statistics
from cnnviz.cli.study import study
from cnnviz.cli.train import resume, train

app = typer.Typer(
    help="A lab bench for image classifiers, without the browser.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _command in (
    train,
    runs,
    resume,
    stop,
    delete,
    change,
    export,
    note,
    compare,
    evaluate,
    layers,
    activations,
    attribute,
    channel,
    index,
    predictions,
    statistics,
    robustness,
    filters,
    maximise,
    diagnose,
    doctor,
    embedding,
    recipes,
    reproduce,
):
    app.command(cls=Command)(_command)
app.command("find-rate", cls=Command)(find_rate)
app.command("import", cls=Command)(import_network)
app.add_typer(data)
app.add_typer(queue)
app.add_typer(report)
app.add_typer(study)
app.command(cls=Command)(models)


def main() -> None:
    """Run the command that the arguments name, and leave with its exit status."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    app()
