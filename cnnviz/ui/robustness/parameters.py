"""The parts of the selection that this page has alone."""

from cnnviz.data.perturbation import SETTINGS
from cnnviz.ui.shell.parameter import Pairs, Parameter, Text

PAGE = "robustness"
SHAKE = Parameter("shake", "strength", Pairs(SETTINGS), page=PAGE)
CAM = Parameter("cam", "class of Grad-CAM", Text(), title="Grad-CAM of", page=PAGE)
CURVE = Parameter("curve", "perturbation", Text(), title="Shaken by", page=PAGE)
SHAKEN = Parameter("shaken", "number of images", Text(), title="Test images", page=PAGE)
