"""What speaks for each of a few classes of one image, side by side on one scale, by the quickest method there is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.errors import CnnvizError
from cnnviz.formatting import decimal
from cnnviz.progress import finish
from cnnviz.render.attribution import coloured, scale_of_sizes
from cnnviz.render.mosaic import grid_pictures
from cnnviz.ui.resources import attributions, networks
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.widgets.mosaic_canvas import sprite

if TYPE_CHECKING:
    from cnnviz.explore.attribution.attribute import Attribution

_TILE = 160


def show(network: SelectedNetwork, name: str, pixels: NDArray[np.uint8], classes: Mapping[int, str]) -> None:
    """Draw a map over the image for each of `classes`: its number, and what it is ("predicted").

    `name` is that of the image, as in the address.
    """
    seen = networks.network_input(network.stamp, name, pixels, False)
    try:
        title, where, found = _found(network, seen.values, seen.shape, tuple(classes))
    except CnnvizError as error:
        st.caption(str(error))
        return
    scale = scale_of_sizes([one.map for one in found], signed=found[0].signed, share=0.99)
    for place, one in zip(st.columns(len(found)), found, strict=True):
        named = network.card.classes[one.target]
        with place:
            said = f" ({classes[one.target]})" if classes[one.target] else ""
            st.markdown(f"For **{named}**{said}, logit {decimal(one.score, '.2f')}")
            sprite(
                grid_pictures(coloured(one.map, scale, "overlay", seen.pixels)[None]),
                key=f"class map {len(classes)} {one.target}",
                tile=_TILE,
                columns=1,
                alt=f"{title} for {named}, over the image",
            )
    span = f"±{scale.high:.3g}" if scale.signed else f"0 to {scale.high:.3g}"
    st.caption(
        f"{title}{where}, both on one scale, {span}: red speaks for the class, blue against it."
        if len(found) > 1
        else f"{title}{where}, {span}: red speaks for the class, blue against it."
    )


def _found(
    network: SelectedNetwork,
    values: NDArray[np.float32],
    shape: tuple[int, int, int],
    targets: tuple[int, ...],
) -> "tuple[str, str, list[Attribution]]":
    """Title of the method, the layer it looks at in words, and a map for each class.

    Grad-CAM, where the network has maps; else Integrated Gradients.
    """
    from cnnviz.explore.attribution import cam
    from cnnviz.explore.attribution.attribute import AttributionSetting
    from cnnviz.explore.attribution.methods import METHODS

    best = cam.best_layer(networks.layers(network.stamp, network.run.config.freeze, shape))
    method = "grad_cam" if best else "integrated_gradients"
    options = METHODS[method].options()
    of = attributions.attribution_maps(
        network.stamp, values, method, options, AttributionSetting(layer=best[0] if best else None)
    )
    finish(attributions.compute(of, values, options, targets))
    maps = of.known(targets)
    return METHODS[method].title, f" at {best[0]}" if best else "", maps
