"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Several, Text

PAGE = "runs"
RUNS = Parameter("runs", "run", Several(), title="Runs", page=PAGE, place="on this bench", literal=True)
SHOWN = Parameter("curves", "curve", Text(), title="Curves", page=PAGE)
ACROSS = Parameter("across", "axis", Text(), title="Against", page=PAGE)
SMOOTHING = Parameter("smoothing", "smoothing", Text(), page=PAGE)
