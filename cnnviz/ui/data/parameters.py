"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Text, Whole

PAGE = "data"
DATA = Parameter("data", "data set", Text(), page=PAGE, place="on this machine", literal=True)
SAMPLE = Parameter("sample", "training image", Whole(), page=PAGE, place="in this data set")
