"""What the doctor finds in a run: findings with their evidence and remedies, and what was checked."""

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from cnnviz import workspace
from cnnviz.artifact import HeldArtifact, Shelf
from cnnviz.config import RunConfig
from cnnviz.data import catalogue
from cnnviz.doctor import gather
from cnnviz.doctor.facts import Facts
from cnnviz.doctor.finding import Examination, Finding, Remedy
from cnnviz.doctor.rules import examine, rule
from cnnviz.errors import CnnvizError, DataError
from cnnviz.formatting import quoted
from cnnviz.progress import Work
from cnnviz.runs.run import Run
from cnnviz.ui.resources import datasets, networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import RECIPE
from cnnviz.ui.widgets import long_work, pin, run_template
from cnnviz.ui.widgets.network_picker import network_of

if TYPE_CHECKING:
    from cnnviz.report.figures.figure import Figure

_COLOURS = {"serious": "red", "mild": "orange"}
_MOST = 32
"""Snapshots of which it is held what was seen in them."""


def show(run: Run, snapshot: str) -> None:
    """Findings from curves at once; those from network and data once they were examined."""
    place = st.container()
    facts = _facts(run, snapshot)
    examination = examine(facts)
    with place:
        _summary(examination)
    for name, finding in examination.findings.items():
        _finding(name, finding, facts.config)
    _checks(examination)
    pin.pin(lambda: _figure(run, snapshot), key="doctor")


def _figure(run: Run, snapshot: str) -> "Figure":
    from cnnviz.report.figures.findings import Findings

    return Findings(run=run.id, snapshot=snapshot)


def _facts(run: Run, snapshot: str) -> Facts:
    """What is known so far, and a button for the rest; without it where the snapshot is damaged."""
    facts = gather.from_files(run, snapshot)
    try:
        network = network_of(run, snapshot)
    except CnnvizError as error:
        st.error(quoted(str(error), most=600), icon=":material/error:")
        return gather.without(facts, error)
    facts = replace(facts, classes=network.card.classes)
    artifact: HeldArtifact[Facts] = HeldArtifact(_shelf(), network.stamp)
    if (known := artifact.load()) is not None:
        return replace(facts, inside=known.inside, shared=known.shared, why_not=known.why_not)
    data = network.card.data
    if data not in catalogue.available():
        return gather.without(facts, DataError(f"the images of {data} are not on this machine: see Home"))
    long_work.offer(
        "Look into network and data",
        lambda: artifact.obtain(lambda: _examined(network, facts)),
        key="examine",
        name="examining",
        icon=":material/stethoscope:",
        start="Looking into the network",
        help=f"Dead units and gradients over {gather.IMAGES} training images, answers, images in two splits. "
        "Changes nothing.",
    )
    return facts


def _examined(network: SelectedNetwork, facts: Facts) -> Work[Facts]:
    """The facts with what network and data tell; without, and why, where that can't be had."""
    model, card = networks.network(network.stamp)
    try:
        data = datasets.dataset(card.data)
        if data.classes != card.classes:
            raise DataError(f"the data set {card.data} here has other classes than this network")
        return (yield from gather.look_inside(facts, model, card, data))
    except CnnvizError as error:
        return gather.without(facts, error)


@st.cache_resource(show_spinner=False)
def _shelf() -> Shelf:
    return Shelf(_MOST)


def _summary(examination: Examination) -> None:
    rest = len(examination.not_checked)
    st.header(examination.summary, anchor=False)
    st.caption(
        (f"{rest} of the checks could not be made yet, see below. " if rest else "")
        + "Thresholds are rules of thumb: look at the evidence."
    )


def _finding(name: str, finding: Finding, config: RunConfig) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"### {finding.title}")
            st.badge(finding.severity, color=_COLOURS[finding.severity])  # type: ignore[arg-type]
        st.markdown(finding.words)
        with st.container(horizontal=True):
            for evidence in finding.evidence:
                page = f"pages/{evidence.page}.py"
                if (workspace.ROOT / page).exists():
                    st.page_link(
                        page, label=evidence.words, icon=":material/visibility:",
                        query_params=dict(evidence.query),
                    )  # fmt: skip
        st.markdown("**What would mend it**")
        for number, remedy in enumerate(finding.remedies):
            _remedy(f"{name} {number}", remedy, config)


def _remedy(key: str, remedy: Remedy, config: RunConfig) -> None:
    changed = remedy.applied(config)
    settings = ", ".join(f"`{path} = {value}`" for path, value in remedy.settings.items()) if changed else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{remedy.words} {settings}", width="content")
        if changed is not None and st.button(
            "Set up", icon=":material/model_training:", type="tertiary", key=f"mend {key}",
            help="Fills the form on New run with this run's settings, so changed.",
        ):  # fmt: skip
            run_template.fill(changed.model_copy(update={"title": ""}))
            st.switch_page("pages/train.py")
        if remedy.recipe:
            st.page_link(
                "pages/experiments.py", label=f"Experiment {remedy.recipe}", icon=":material/experiment:",
                query_params=selection.link({RECIPE: remedy.recipe}),
            )  # fmt: skip


def _checks(examination: Examination) -> None:
    with st.expander("What was checked", icon=":material/checklist:", expanded=not examination.findings):
        for one in examination.healthy:
            st.markdown(f":material/check: {one.question}: nothing found. {_threshold(one.id)}")
        for name, why in examination.not_checked.items():
            st.markdown(f":material/help: {rule(name).question}: could not be checked, since {why}.")


def _threshold(name: str) -> str:
    """What would have been found: the first line of the rule's own description."""
    words = (rule(name).check.__doc__ or "").partition("\n")[0]
    return f":gray[Looked for: {words[:1].lower()}{words[1:]}]"
