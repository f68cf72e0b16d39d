"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Text

PAGE = "runs"
SHOWN = Parameter("curves", "curve", Text(), title="Curves", page=PAGE)
ACROSS = Parameter("across", "axis", Text(), title="Against", page=PAGE)
SMOOTHING = Parameter("smoothing", "smoothing", Text(), page=PAGE)
