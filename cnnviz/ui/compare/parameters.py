"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Text

PAGE = "compare"
RUN_B = Parameter("run_b", "run B", Text(), title="Checkpoint B", page=PAGE, literal=True)
SNAPSHOT_B = Parameter("snapshot_b", "epoch of run B", Text(), title="Epoch of B", page=PAGE)
EPOCH_B = Parameter("epoch_b", "epoch B", Text(), title="Epoch of B", page=PAGE, place="of this run")
LAYER_B = Parameter(
    "layer_b", "layer", Text(), title="Layer of B", page=PAGE, place="in network B", literal=True
)
SCALE = Parameter("scale", "scale", Text(), page=PAGE)
SORT = Parameter("sort", "order", Text(), title="Sort by", page=PAGE)
