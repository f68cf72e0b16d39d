"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Text

STUDY = Parameter("study", "study", Text(), page="studies", literal=True)
