"""Compare: one layer of two networks, two epochs or two images."""

from cnnviz.ui.compare import view
from cnnviz.ui.shell import frame
from cnnviz.ui.widgets import experiment_links

frame.ensure()
with frame.guarded():
    experiment_links.hint()
    view.show()
