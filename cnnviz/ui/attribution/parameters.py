"""The parts of the selection that this page has alone."""

from cnnviz.ui.shell.parameter import Parameter, Several, Text

PAGE = "attribution"
METHODS = Parameter(
    "methods", "method", Several(), title="Methods", page=PAGE, place="that this network allows"
)
VIEW_AS = Parameter("view_as", "way to show maps", Text(), title="Show as", page=PAGE)
SCALE_BY = Parameter("scale_by", "scale", Text(), page=PAGE)
SPAN = Parameter("span", "share of values", Text(), title="Of", page=PAGE)
BASELINE = Parameter("baseline", "baseline", Text(), title="Compared with", page=PAGE)
CAM_LAYER = Parameter(
    "cam_layer", "layer with maps", Text(), title="Layer of Grad-CAM", page=PAGE, place="in this network",
    literal=True,
)  # fmt: skip
CHECK = Parameter("check", "map", Text(), page=PAGE)
