import numpy as np

from cnnviz.render.colour import DIVERGING, VIRIDIS
from cnnviz.render.overlay import overlaid


def test_each_cell_covers_its_share_of_the_picture():
    image = np.full((4, 6, 3), 100, np.uint8)
    drawn = overlaid(image, np.array([[0, 1, 0], [1, 0, 1]], np.float32))
    low, high = ((VIRIDIS[at] * 0.65 + 100 * 0.35).round() for at in (0, 255))
    for row in range(4):
        for column in range(6):
            lit = [[0, 1, 0], [1, 0, 1]][row // 2][column // 2]
            np.testing.assert_allclose(drawn[row, column], high if lit else low, atol=1)


def test_signed_maps_are_white_at_zero_and_grey_pictures_get_colours():
    image = np.zeros((2, 2, 1), np.uint8)
    drawn = overlaid(image, np.array([[-2, 0]], np.float32))
    assert drawn.shape == (2, 2, 3)
    np.testing.assert_allclose(drawn[0, 1], DIVERGING[128] * 0.65, atol=1)
    np.testing.assert_allclose(drawn[1, 0], DIVERGING[1] * 0.65, atol=1)


def test_a_map_larger_than_the_picture_is_thinned():
    assert overlaid(np.zeros((2, 3, 3), np.uint8), np.ones((5, 7), np.float32)).shape == (2, 3, 3)
