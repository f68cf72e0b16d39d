"""The parts of the selection that this page has alone."""

from collections.abc import Mapping
from functools import cache

from cnnviz.diagnosis import embedding
from cnnviz.ui.shell.parameter import Named, Parameter, Text
from cnnviz.ui.widgets.confusion_matrix import Part
from cnnviz.ui.widgets.scatter import Box

PAGE = "mistakes"
_PART = Named(Part.named, lambda part: part.name)

SPLIT = Parameter("split", "split", Text(), title="Images", page=PAGE)
VIEW = Parameter("view", "view", Text(), title="Show", page=PAGE)
CELLS = Parameter("cells", "unit of cells", Text(), title="Cells", page=PAGE)
CONFUSED = Parameter("confused", "part of the matrix", _PART, page=PAGE)
APART = Parameter("apart", "part of this matrix", _PART, page=PAGE)
OTHER = Parameter("other", "checkpoint beside it", Text(), title="Beside", page=PAGE)
UNSURE = Parameter("unsure", "order", Text(), page=PAGE)
BINS = Parameter("bins", "number of bins", Text(), title="Bins", page=PAGE)
FEATURES = Parameter(
    "features", "layer", Text(), title="Layer", page=PAGE, place="in this network", literal=True
)
MAP_IMAGES = Parameter("map_images", "number of images", Text(), title="Images", page=PAGE)
COLOUR = Parameter("colour", "colouring", Text(), title="Colour", page=PAGE)
METHOD = Parameter("method", "method", Text(), page=PAGE)
BOX = Parameter("box", "box", Named(Box.named, lambda box: box.name), page=PAGE, place="on this map")


@cache
def of_method(name: str) -> Mapping[str, Parameter[str]]:
    """The options of a way to map images, by their names in it."""
    method = embedding.METHODS[name]
    return {
        key: Parameter(f"{name}.{key}", option.title.lower(), Text(), page=PAGE, place=f"for {method.title}")
        for key, option in method.options.items()
    }
