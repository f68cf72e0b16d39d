"""What would stop a run at once is said before anything starts, and nothing else is."""

import pytest

from cnnviz.config import RunConfig, with_settings
from cnnviz.data import catalogue
from cnnviz.errors import CnnvizError
from cnnviz.train.check import check


def test_a_run_that_fits_gives_its_parameters(tiny_data: str, tiny_config: RunConfig) -> None:
    assert check(tiny_config, catalogue.load(tiny_data)) == (192 + 1) * 16 + (16 + 1) * 4


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"batch_size": "181"}, r"batch size \(181\) is larger than the training set \(180 images\)"),
        ({"data.train": "190"}, "train=190 does not fit"),
        ({"data.test": "61"}, "test=61 does not fit"),
        (
            {"network.name": "cnn", "network.convs": "[4,4,4,4]", "network.pool_after": "[1,2,3,4]"},
            "pool4 is one",
        ),
        ({"freeze.name": "children", "freeze.count": "9"}, "leaves nothing to train"),
        ({"freeze.name": "matching", "freeze.pattern": "layer9"}, "chooses no weights"),
        ({"start.source": "checkpoint", "start.run": "gone"}, "no snapshot 'last' of a run 'gone'"),
        ({"network.name": "torchvision", "network.model": "resnet9"}, "choose resnet"),
    ],
)
def test_what_does_not_fit_is_said(
    settings: dict[str, str], said: str, tiny_data: str, tiny_config: RunConfig
) -> None:
    with pytest.raises(CnnvizError, match=said) as raised:
        check(with_settings(tiny_config, settings), catalogue.load(tiny_data))
    assert len(str(raised.value)) < 300
