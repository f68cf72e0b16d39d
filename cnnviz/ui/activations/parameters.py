"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Text

PAGE = "activations"
EXCITE = Parameter("excite", "thing to excite", Text(), title="Excite", page=PAGE)
