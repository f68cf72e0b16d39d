"""Early vs late: how the first layers of a network differ from the later ones, in numbers."""

import streamlit as st

from cnnviz.ui import frame
from cnnviz.ui.components import recipe_views, statistics_view
from cnnviz.ui.components.network_picker import pick_network

frame.ensure()
with frame.guarded():
    recipe_views.hint()
    looked_at = pick_network()
    if looked_at is None:
        st.stop()
    statistics_view.show(looked_at)
