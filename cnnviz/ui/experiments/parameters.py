"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Text

RUN_SIZE = Parameter("run_size", "size of runs", Text(), title="Size", page="experiments")
