import numpy as np

from cnnviz.render.outline import outlined


def test_what_is_inside_keeps_its_colours_and_gets_a_line() -> None:
    image = np.full((8, 8, 1), 200, np.uint8)
    drawn = outlined(image, (2, 3, 6, 7), to=80)
    assert drawn.shape == (80, 80, 3)
    assert drawn[0, 0].tolist() == [100] * 3
    assert drawn[20, 30].tolist() == [230, 159, 0]
    assert drawn[59, 69].tolist() == [230, 159, 0]
    assert drawn[40, 50].tolist() == [200] * 3
    assert (image == 200).all()


def test_a_large_picture_is_not_enlarged() -> None:
    image = np.zeros((100, 120, 3), np.uint8)
    assert outlined(image, (0, 0, 100, 120), to=90).shape == (100, 120, 3)
