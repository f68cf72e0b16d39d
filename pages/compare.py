"""Compare: one layer of two networks, two epochs or two images."""

from cnnviz.ui import frame
from cnnviz.ui.components import compare_view, recipe_views

frame.ensure()
with frame.guarded():
    recipe_views.hint()
    compare_view.show()
