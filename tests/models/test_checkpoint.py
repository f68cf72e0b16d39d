import json
import pickle
import struct
from pathlib import Path

import pytest
import safetensors.torch
import torch
from pydantic import ValidationError

from cnnviz.config import CheckpointStart, Mlp, ResNet18, RunConfig
from cnnviz.errors import CheckpointError, ConfigError
from cnnviz.models import checkpoint
from cnnviz.models.checkpoint import Card
from cnnviz.models.registry import build
from cnnviz.train.start import starting_network

SHAPE = (8, 8, 3)


def card(**changes: object) -> Card:
    values = {
        "network": Mlp(hidden=(5,)),
        "image_shape": SHAPE,
        "classes": ("a", "b", "c"),
        "mean": (0.5, 0.4, 0.3),
        "std": (0.2, 0.2, 0.2),
        "data": "tiny",
        "epoch": 3,
        "step": 18,
    }
    return Card.model_validate(values | changes)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "last.safetensors"
    model = build(Mlp(hidden=(5,)), image_shape=SHAPE, classes=3, seed=7)
    checkpoint.save(path, model.state_dict(), card())
    return path


def refused(path: Path) -> str:
    messages = []
    for function in (checkpoint.read, checkpoint.load):
        with pytest.raises(CheckpointError) as error:
            function(path)
        messages.append(str(error.value))
    assert len(messages[0].splitlines()) == 1
    assert path.name in messages[0]
    return messages[0]


@pytest.mark.parametrize(
    "network", [Mlp(hidden=(5,), dropout=0.2), ResNet18(stem="imagenet")], ids=["mlp", "resnet"]
)
def test_round_trip(network: Mlp | ResNet18, tmp_path: Path) -> None:
    model = build(network, image_shape=SHAPE, classes=3, seed=7).to(memory_format=torch.channels_last)
    with torch.no_grad():
        for value in model.state_dict().values():
            value.add_(1)
    path = tmp_path / "x.safetensors"
    checkpoint.save(path, model.state_dict(), card(network=network))
    loaded, its_card = checkpoint.load(path)
    assert its_card == card(network=network)
    assert not loaded.training
    assert checkpoint.fingerprint(loaded.state_dict()) == checkpoint.fingerprint(model.state_dict())
    assert all(parameter.requires_grad for parameter in loaded.parameters())


def test_weights_that_two_layers_share_are_stored_twice(tmp_path: Path) -> None:
    network = Mlp(hidden=(8,))
    shared = torch.randn(8)
    weights = dict(build(network, image_shape=(4, 4, 1), classes=8).state_dict())
    biases = [name for name in weights if name.endswith("bias")]
    weights |= dict.fromkeys(biases, shared)
    card = Card(
        network=network,
        image_shape=(4, 4, 1),
        classes=tuple("abcdefgh"),
        mean=(0.5,),
        std=(0.5,),
        data="",
        epoch=0,
        step=0,
    )
    checkpoint.save(tmp_path / "a.safetensors", weights, card)
    _, found = checkpoint.read(tmp_path / "a.safetensors")
    assert len(biases) == 2
    assert all(torch.equal(found[name], shared) for name in biases)
    assert weights[biases[0]] is shared


def test_half_is_half_as_large_and_loads_as_float32(tmp_path: Path) -> None:
    model = build(ResNet18(), image_shape=SHAPE, classes=3)
    whole, half = tmp_path / "whole.safetensors", tmp_path / "half.safetensors"
    its_card = card(network=ResNet18())
    checkpoint.save(whole, model.state_dict(), its_card)
    checkpoint.save(half, model.state_dict(), its_card, half=True)
    assert half.stat().st_size == pytest.approx(whole.stat().st_size / 2, rel=0.01)
    loaded, _ = checkpoint.load(half)
    for name, value in model.state_dict().items():
        assert loaded.state_dict()[name].dtype == value.dtype
        expected = value.half().to(value.dtype) if value.is_floating_point() else value
        assert torch.equal(loaded.state_dict()[name], expected)


@pytest.mark.parametrize("share", [0, 4, 100, 0.5, -1])
def test_cut_off(saved: Path, share: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share) if isinstance(share, float) else share])
    assert "damaged or cut off" in refused(saved)


def test_an_absurd_header(saved: Path) -> None:
    saved.write_bytes(struct.pack("<Q", 2**62) + b"{}")
    assert "damaged" in refused(saved)


@pytest.mark.parametrize("kind", ["torch", "pickle"])
def test_a_pickle_is_never_opened(tmp_path: Path, kind: str) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "exploded",)  # type: ignore[return-value]

    path = tmp_path / "x.safetensors"
    if kind == "torch":
        torch.save({"bomb": Bomb()}, path)
    else:
        path.write_bytes(pickle.dumps(Bomb()))
    assert "pickle" in refused(path)
    assert not (tmp_path / "exploded").exists()


def test_a_safetensors_file_of_someone_else(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    safetensors.torch.save_file({"fc1.weight": torch.zeros(2)}, path)
    assert "not a checkpoint of cnnviz" in refused(path)
    safetensors.torch.save_file({"fc1.weight": torch.zeros(2)}, path, metadata={"cnnviz": '{"format": 2}'})
    assert "not a checkpoint of cnnviz" in refused(path)


def test_missing_and_not_a_file(tmp_path: Path) -> None:
    assert "no checkpoint gone.safetensors" in refused(tmp_path / "gone.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    refused(tmp_path / "folder.safetensors")


def rewrite(path: Path, **changes: object) -> None:
    """Give the file another card."""
    tensors = safetensors.torch.load_file(path)
    plain = card().model_dump(mode="json") | changes
    safetensors.torch.save_file(tensors, path, metadata={"cnnviz": json.dumps(plain)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": {"name": "mlp", "hidden": [6]}}, "'fc1.bias' is (5,), expected (6,)"),
        ({"network": {"name": "mlp", "hidden": [5, 3]}}, "lacks 'fc3.bias'"),
        ({"network": {"name": "mlp", "hidden": []}}, "'fc1.bias' is (5,), expected (3,)"),
        ({"classes": ["a", "b"]}, "'fc2.bias' is (3,), expected (2,)"),
        ({"network": {"name": "resnet18"}}, "lacks 'bn1.bias'"),
        (
            {"network": {"name": "mlp", "hidden": [10**6, 10**7]}},
            "another network",
        ),  # 40 TB, if it were believed
        ({"network": {"name": "mlp", "hidden": [10**18, 10**18]}}, "can't be built"),
        ({"image_shape": [-8, 8, 3]}, "can't be built"),
    ],
)
def test_a_card_of_another_network(saved: Path, changes: dict[str, object], message: str) -> None:
    rewrite(saved, **changes)
    with pytest.raises(CheckpointError) as error:
        checkpoint.load(saved)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "changes", [{"mean": (0.5,)}, {"std": (1.0, 1.0)}, {"std": (0.0, 1.0, 1.0)}, {"extra": 1}]
)
def test_a_card_that_does_not_fit_itself(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        card(**changes)


def test_nothing_is_copied_from_a_file_that_does_not_fit() -> None:
    model = build(Mlp(hidden=(5,)), image_shape=SHAPE, classes=3)
    before = checkpoint.fingerprint(model.state_dict())
    tensors = {name: value + 1 for name, value in model.state_dict().items()} | {"zz": torch.zeros(1)}
    with pytest.raises(CheckpointError, match="x belongs to another network: it has an extra 'zz'"):
        checkpoint.copy_weights(model, tensors, source="x")
    assert checkpoint.fingerprint(model.state_dict()) == before


def test_fingerprint_tells_names_shapes_types_and_every_bit() -> None:
    weights = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(3)}
    same = {"b": torch.tensor(3), "a": torch.arange(6.0).reshape(3, 2).T.reshape(2, 3).clone()}
    same["a"] = torch.arange(6.0).reshape(2, 3).T.contiguous().T
    prints = [checkpoint.fingerprint(weights)]
    assert checkpoint.fingerprint(same) == prints[0]
    flipped = weights["a"].clone()
    flipped.view(torch.int32)[1, 2] ^= 1
    for changed in (
        {"c": weights["a"], "b": weights["b"]},
        {"a": weights["a"].reshape(3, 2), "b": weights["b"]},
        {"a": weights["a"].double(), "b": weights["b"]},
        {"a": weights["a"]},
        {"a": flipped, "b": weights["b"]},
    ):
        prints.append(checkpoint.fingerprint(changed))
    assert len(set(prints)) == len(prints)


class TestCheckpointAsStart:
    def place(self, root: Path, network: Mlp | ResNet18, classes: int = 3) -> dict[str, torch.Tensor]:
        folder = root / "a-run" / "snapshots"
        folder.mkdir(parents=True)
        weights = build(network, image_shape=SHAPE, classes=classes, seed=9).state_dict()
        names = tuple("abcdef"[:classes])
        checkpoint.save(folder / "best.safetensors", weights, card(network=network, classes=names), half=True)
        return {name: value.half().float() for name, value in weights.items()}

    def start(
        self, network: Mlp | ResNet18, run: str = "a-run", snapshot: str = "best"
    ) -> dict[str, torch.Tensor]:
        config = RunConfig(network=network, start=CheckpointStart(run=run, snapshot=snapshot), seed=2)
        return starting_network(config, image_shape=SHAPE, classes=3).state_dict()

    def test_takes_all_weights(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(tmp_path))
        weights = self.place(tmp_path, Mlp(hidden=(5,)))
        assert checkpoint.fingerprint(self.start(Mlp(hidden=(5,)))) == checkpoint.fingerprint(weights)

    def test_another_last_layer_is_new(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(tmp_path))
        weights = self.place(tmp_path, Mlp(hidden=(5,)), classes=6)
        started = self.start(Mlp(hidden=(5,)))
        fresh = build(Mlp(hidden=(5,)), image_shape=SHAPE, classes=3, seed=2).state_dict()
        assert torch.equal(started["fc1.weight"], weights["fc1.weight"])
        assert torch.equal(started["fc2.weight"], fresh["fc2.weight"])

    def test_what_does_not_fit_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CNNVIZ_CHECKPOINTS", str(tmp_path))
        self.place(tmp_path, Mlp(hidden=(6,)))
        with pytest.raises(CheckpointError, match=r"a-run can't be the start: its 'fc1.weight'"):
            self.start(Mlp(hidden=(5,)))
        with pytest.raises(CheckpointError, match=r"no checkpoint last\.safetensors"):
            self.start(Mlp(hidden=(6,)), snapshot="last")
        with pytest.raises(CheckpointError, match="no checkpoint"):
            self.start(Mlp(hidden=(6,)), run="another")
        for run, snapshot in (("../a-run", "best"), ("a-run", "../best"), ("a-run", "/etc/passwd")):
            with pytest.raises(ConfigError, match="can't name a"):
                self.start(Mlp(hidden=(6,)), run=run, snapshot=snapshot)
