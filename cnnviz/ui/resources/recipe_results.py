"""What came out of recipes, looked through again every two seconds at the most.

Torch is loaded on first use, never on import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from cnnviz.recipes.depth import Depth
    from cnnviz.recipes.recipe import LayerSeries
    from cnnviz.recipes.results import RecipeRuns


@st.cache_data(max_entries=16, show_spinner="Looking through the layers …")
def depths(look: LayerSeries) -> list[Depth]:
    """Sparsity and spread of some layers of a trained network."""
    from cnnviz.recipes import depth

    return depth.depths(look)


@st.cache_resource(ttl=2, show_spinner=False)
def recipe_runs() -> RecipeRuns:
    """All runs, by what was run; looked through again every two seconds at the most."""
    from cnnviz.recipes import results

    return results.recipe_runs()
