"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Text

PAGE = "statistics"
IMAGES = Parameter("images", "number of images", Text(), title="Test images, at most", page=PAGE)
OF = Parameter("of", "class", Text(), title="Of", page=PAGE, place="of this network")
BESIDE = Parameter("beside", "network beside it", Text(), title="Beside", page=PAGE)
