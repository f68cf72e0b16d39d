"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Text

PAGE = "studies"
CHART = Parameter("chart", "chart", Text(), title="Chart", page=PAGE)
FACTOR = Parameter("setting", "setting", Text(), title="Against", page=PAGE)
