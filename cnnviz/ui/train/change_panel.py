"""Settings that are changed while a run trains: the form, and where the curves are marked."""

import streamlit as st

from cnnviz.charts.learning_curves import Mark
from cnnviz.config.change import CHANGEABLE, changeable
from cnnviz.errors import CnnvizError
from cnnviz.runs import changes
from cnnviz.runs.metrics import Metrics
from cnnviz.runs.run import Run


def show(run: Run) -> None:
    """Draw the button that opens the form."""
    now = changeable(run.config)
    made = changes.read(run.folder)
    now |= {change.setting: change.value for change in made}
    with st.popover("Change", icon=":material/tune:", help="Change a setting of the running training"):
        setting = st.selectbox(
            "Setting", list(now), format_func=lambda name: CHANGEABLE[name].title, key="change setting"
        )
        about = CHANGEABLE[setting]
        whole = setting == "last_epoch"
        value = st.number_input(
            about.title, value=int(now[setting]) if whole else now[setting],
            min_value=int(about.least) if whole else about.least,
            format="%d" if whole else "%.3g", key=f"change {setting} {len(made)}", label_visibility="collapsed",
        )  # fmt: skip
        st.caption(about.explanation)
        if st.button("Change it", type="primary", key="change"):
            try:
                changes.request(run, setting, float(value))
            except CnnvizError as error:
                st.error(str(error), icon=":material/error:")
            else:
                st.toast(f"{about.title}: {value:g} from the next step on.", icon=":material/tune:")
        for change in made:
            st.caption(f"Step {change.step:,}: {CHANGEABLE[change.setting].title} {change.value:g}")


def marks(run: Run, metrics: Metrics) -> list[Mark]:
    """Where a run's settings were changed, in epochs."""
    steps = metrics.started.get("steps_per_epoch")
    if not run.changed or not steps:
        return []
    return [
        Mark(change.step / steps, f"{CHANGEABLE[change.setting].title}: {change.value:g}")
        for change in changes.read(run.folder)
    ]
