"""Effective receptive fields against arithmetic: a chain of boxes is their convolution."""

import numpy as np
import pytest
import torch
from torch import nn

from cnnviz.explore.layers.receptive_field import Field
from cnnviz.explore.layers.structure import layers
from cnnviz.explore.statistics.effective_receptive_field import HELD, effective_fields, middle_cell, side


def run(model: nn.Module, *batches: torch.Tensor) -> dict[str, np.ndarray]:
    steps = effective_fields(model, list(batches))
    told = []
    while True:
        try:
            told.append(next(steps).share)
        except StopIteration as end:
            assert told == sorted(told)
            assert told[-1] == 1
            return end.value


def boxes(count: int, kernel: int = 3, channels: int = 1) -> nn.Sequential:
    model = nn.Sequential(
        *(
            nn.Conv2d(2 if not n else channels, channels, kernel, padding=kernel // 2, bias=False)
            for n in range(count)
        )
    )
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    return model.double()


def test_ones_give_binomial_like_shapes() -> None:
    found = run(boxes(3), torch.rand(4, 2, 15, 15, dtype=torch.float64))
    one = np.ones(3)
    for number, name in enumerate(("0", "1", "2")):
        line = one
        for _ in range(number):
            line = np.convolve(line, one)
        expected = np.zeros(15)
        expected[7 - number - 1 : 7 + number + 2] = line
        assert found[name] == pytest.approx(2 * np.outer(expected, expected))  # two colours


def test_the_side_holds_the_share() -> None:
    line = np.convolve(np.convolve(np.ones(3), np.ones(3)), np.ones(3))  # 1 3 6 7 6 3 1
    picture = np.zeros((15, 15))
    picture[4:11, 4:11] = np.outer(line, line)
    held = {wide: (line[3 - wide // 2 : 4 + wide // 2].sum() / 27) ** 2 for wide in (1, 3, 5, 7)}
    assert held[5] < HELD < held[7] or held[3] < HELD <= held[5]
    expected = next(wide for wide, share in held.items() if share >= HELD)
    assert side(picture, Field(size=(7, 7), start=(0, 0)), (7, 7)) == expected
    assert side(np.eye(15) * 0, None, (7, 7)) is None
    assert side(np.full((4, 4), np.nan), None, (2, 2)) is None
    point = np.zeros((8, 8))
    point[3:5, 3:5] = 1  # around the middle of an even image
    assert side(point, Field(whole=True), (0, 0)) == 2
    assert side(point, None, (4, 4)) == 2


@pytest.mark.parametrize(("stride", "padding"), [(1, 1), (2, 1), (2, 0)])
def test_the_field_is_centred_where_the_layers_list_has_it(stride: int, padding: int) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3, stride=stride, padding=padding), nn.Conv2d(2, 2, 3, padding=1))
    for parameter in model.parameters():
        nn.init.ones_(parameter)
    listed = layers(model, (1, 21, 21))
    found = run(model, torch.rand(2, 1, 21, 21))
    for layer in listed:
        field = layer.field
        assert field is not None
        assert side(found[layer.name], field, middle_cell(layer.output_shape)) <= field.size[0]
        rows, columns = np.nonzero(found[layer.name])
        assert (rows.max() - rows.min() + 1, columns.max() - columns.min() + 1) == field.size
        middle = field.start[0] + middle_cell(layer.output_shape)[0] * field.stride[0]
        assert (rows.max() + rows.min()) / 2 == middle


def test_it_is_the_mean_over_images_of_the_gradient_and_batches_do_not_matter() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(4, 5, 3, padding=1))
    images = torch.randn(3, 3, 9, 9)
    found = run(model, images)
    expected = np.zeros((9, 9))
    for image in images:
        leaf = image[None].clone().requires_grad_()
        model(leaf)[0, :, 4, 4].sum().backward()
        expected += leaf.grad.abs().sum((0, 1)).numpy()  # type: ignore[union-attr]
    assert found["2"] == pytest.approx(expected / 3, rel=1e-4)
    apart = run(model, images[:2], images[2:])
    for name, picture in found.items():
        assert apart[name] == pytest.approx(picture, rel=1e-4), name


def test_in_place_layers_and_shared_outputs() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.relu = nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(inplace=True)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return self.relu(self.conv(image))

    torch.manual_seed(1)
    model = nn.Sequential(nn.ReLU(inplace=True), Block())
    image = torch.randn(5, 1, 7, 7)
    before = image.clone()
    found = run(model, image)
    assert torch.equal(image, before)
    assert list(found) == ["0", "1.conv", "1.relu", "1"]
    assert (found["1.relu"] == found["1"]).all()
    assert (found["1.conv"] != found["1"]).any()  # what ReLU holds back does not move it


def test_only_what_comes_from_the_image_has_one() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.other = nn.Conv2d(1, 1, 1), nn.Linear(2, 2)

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return self.conv(image).mean() + self.other(torch.ones(1, 2))

    assert list(run(Two(), torch.randn(1, 1, 4, 4))) == ["conv"]
