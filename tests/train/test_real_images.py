"""A network learns real photographs: far better than chance, in seconds."""

import pytest

from cnnviz import workspace
from cnnviz.config import Cnn, Data, RunConfig
from cnnviz.data import catalogue
from cnnviz.train.loop import fit
from cnnviz.train.session import prepare


@pytest.mark.realdata
@pytest.mark.slow
def test_a_small_cnn_learns_cifar10(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNNVIZ_DATA", str(workspace.ROOT / "data"))
    config = RunConfig(
        data=Data(name="cifar10", train=2000, validation=100, test=1000),
        network=Cnn(convs=(16, 32), pool_after=(1, 2)),
        epochs=3,
        batch_size=64,
        device="cpu",
        precision="fp32",
        memory_format="contiguous",
        compile="off",
    )
    *_, finished = fit(prepare(config, catalogue.load("cifar10")))
    assert finished.test_count == 1000
    assert finished.test_accuracy > 0.35  # chance is 0.10 ± 0.01
