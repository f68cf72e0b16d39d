"""Compare: one layer of two networks, two epochs or two images."""

from cnnviz.ui import frame
from cnnviz.ui.components import compare_view

frame.ensure()
with frame.guarded():
    compare_view.show()
