"""Reports: what is handed in, as one HTML file."""

from cnnviz.report import folder
from cnnviz.ui.reports import overview, view
from cnnviz.ui.shell import frame, selection
from cnnviz.ui.shell.parameters import REPORT

frame.ensure()
with frame.guarded():
    chosen = selection.value(
        REPORT, {one.id for one in folder.every()}.__contains__, otherwise="these are all"
    )
    if chosen is not None:
        view.show(chosen)
    else:
        overview.show()
