"""Pictures of attributions."""

import numpy as np

from cnnviz.render.attribution import coloured
from cnnviz.render.colour import VIRIDIS, Scale


def test_over_the_image_the_largest_value_covers_nine_tenths() -> None:
    pixels = np.full((1, 2, 3), 255, np.uint8)
    values = np.array([[1.0, 0.0]], np.float32)
    drawn = coloured(values, Scale(low=0.0, high=1.0, signed=False), "overlay", pixels)
    grey = 96 + 0.6 * 255
    assert drawn[0, 0].tolist() == np.rint(0.9 * VIRIDIS[255] + 0.1 * grey).astype(int).tolist()
    assert drawn[0, 1].tolist() == [round(grey)] * 3
