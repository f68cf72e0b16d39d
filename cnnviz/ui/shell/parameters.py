"""The parts of the selection that pages share, or link to."""

import re

from cnnviz.ui.shell.parameter import Cell, Flag, Named, Parameter, Several, Text, Whole

RUN = Parameter("run", "run", Text(), title="Checkpoint", literal=True)
RUNS = Parameter("runs", "run", Several(), title="Runs", page="runs", place="on this bench", literal=True)
SNAPSHOT = Parameter("snapshot", "epoch", Text(), place="of this run")
EPOCH = Parameter("epoch", "epoch", Whole(), place="of this run")
LAYER = Parameter("layer", "layer", Text(), place="in this network", literal=True)
CHANNEL = Parameter("channel", "channel", Whole(), place="in this layer")
CELL = Parameter("cell", "cell", Cell(), place="in this map")
IMAGE = Parameter("image", "image", Text(), literal=True)
CLASSES = Parameter("classes", "class", Several(), title="Classes", place="of this network")
SIZE = Parameter("size", "resolution", Text())
FIT = Parameter("fit", "way to fit a picture", Text(), title="Fit")
INVERT = Parameter("invert", "choice of inverting", Flag())
RECIPE = Parameter("recipe", "experiment", Text(), literal=True)
HINT = Parameter(
    "hint", "view of an experiment", Named(lambda text: text if re.search(r"\.[0-9]+$", text) else None, str)
)
STUDY = Parameter("study", "study", Text(), page="studies", literal=True)
REPORT = Parameter("report", "report", Text(), place="on this bench", literal=True)
WITH = Parameter("with", "kind of comparison", Text(), title="Compare with")
IMAGE_B = Parameter("image_b", "image B", Text(), literal=True)
