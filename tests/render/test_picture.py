import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from cnnviz.render.bar import bar
from cnnviz.render.colour import GREYS, LEVELS, VIRIDIS, Scale, palette
from cnnviz.render.picture import enlarge, png


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 1), (5, 4, 3), (5, 4, 4)])
def test_png_keeps_every_pixel(shape):
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    data = png(image[::-1])
    assert data.startswith(b"\x89PNG")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(data))), image[::-1].squeeze())


@pytest.mark.parametrize("image", [np.zeros((2, 2)), np.zeros((2, 2, 2), np.uint8), np.zeros(3, np.uint8)])
def test_png_refuses_what_is_no_picture(image):
    with pytest.raises(ValueError, match="Not a picture"):
        png(image)


@pytest.mark.parametrize(("to", "factor"), [(3, 1), (4, 1), (7, 1), (8, 2), (13, 3)])
def test_enlarging_repeats_pixels(to, factor):
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    np.testing.assert_array_equal(
        enlarge(image, to=to), np.kron(image, np.ones((factor, factor, 1), np.uint8))
    )


def test_bar_runs_from_low_to_high():
    picture = Image.open(io.BytesIO(bar(Scale(low=0, high=1, signed=False))))
    assert picture.size == (LEVELS, 12)
    colours = palette(VIRIDIS, signed=False)[:LEVELS]
    np.testing.assert_array_equal(
        np.asarray(picture.convert("RGB")), np.broadcast_to(colours, (12, LEVELS, 3))
    )


def test_an_upright_bar_has_low_at_the_bottom_and_zero_in_the_middle():
    data = bar(Scale(low=-1, high=1, signed=True), table=GREYS, width=5, height=101)
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert pixels.shape == (101, 5)
    assert (pixels[50] == 128).all()
    assert (pixels[0] == 255).all()
    assert (pixels[-1] == 1).all()


def test_render_leaves_torch_and_matplotlib_alone():
    code = (
        "import sys, cnnviz.render.mosaic, cnnviz.render.bar\n"
        "print([name for name in ('torch', 'matplotlib', 'streamlit') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
