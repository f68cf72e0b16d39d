"""All kinds of figures that a report can show."""

from typing import Annotated

from pydantic import Field

from cnnviz.report.figures.attributions import Attributed
from cnnviz.report.figures.calibrated import Calibrated
from cnnviz.report.figures.comparison import Compared
from cnnviz.report.figures.confusion import Confusion
from cnnviz.report.figures.curves import Curves
from cnnviz.report.figures.differences import Differences
from cnnviz.report.figures.environment import Environment
from cnnviz.report.figures.filters import Filters
from cnnviz.report.figures.findings import Findings
from cnnviz.report.figures.layers import Layers
from cnnviz.report.figures.maps import Maps
from cnnviz.report.figures.reported import Reported
from cnnviz.report.figures.results import Results
from cnnviz.report.figures.settings import Settings
from cnnviz.report.figures.shaken import Shaken
from cnnviz.report.figures.study import StudyResults
from cnnviz.report.figures.study_chart import StudyCharted

AnyFigure = Annotated[
    Attributed
    | Shaken
    | Layers
    | Compared
    | Calibrated
    | Confusion
    | Curves
    | Differences
    | Environment
    | Filters
    | Findings
    | Maps
    | Reported
    | Results
    | Settings
    | StudyCharted
    | StudyResults,
    Field(discriminator="kind"),
]
"""A figure as it stands in a report's file."""
