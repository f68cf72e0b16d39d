import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cnnviz import config as c
from cnnviz.config import RunConfig
from cnnviz.errors import ConfigError

positive = st.floats(min_value=1e-300, max_value=1e300)
rate = st.floats(min_value=0, max_value=1, exclude_max=True)
count = st.integers(1, 10**12)
share = st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True)
seed = st.integers(0, 2**63 - 1)
maybe_count = st.none() | count
text = st.text(st.characters(codec="utf-8"), max_size=80)

configs = st.builds(
    RunConfig,
    title=text,
    data=st.builds(
        c.Data,
        name=text,
        train=maybe_count,
        validation=maybe_count,
        split_seed=seed,
        normalise=st.sampled_from(["dataset", "imagenet", "none"]),
    ),
    network=st.builds(
        c.Mlp,
        hidden=st.lists(count, max_size=4).map(tuple),
        activation=st.sampled_from(["relu", "sigmoid", "tanh", "gelu", "mish", "leaky_relu"]),
        dropout=rate,
    )
    | st.builds(c.ResNet18, stem=st.sampled_from(["imagenet", "cifar"])),
    start=st.builds(c.RandomStart)
    | st.builds(c.ImageNetStart)
    | st.builds(c.CheckpointStart, run=text, snapshot=text),
    epochs=count,
    batch_size=count,
    optimiser=st.builds(
        c.Sgd, learning_rate=positive, momentum=share, nesterov=st.booleans(), weight_decay=positive
    )
    | st.builds(c.Adam, learning_rate=positive)
    | st.builds(c.AdamW, learning_rate=positive, weight_decay=positive)
    | st.builds(c.RmsProp, learning_rate=positive, momentum=rate)
    | st.builds(c.Adadelta, learning_rate=positive),
    schedule=st.builds(c.Constant)
    | st.builds(c.Step, every=count, factor=share)
    | st.builds(c.Cosine, t_max=maybe_count)
    | st.builds(c.OneCycle, warm_up=share, cycle_momentum=st.booleans()),
    label_smoothing=rate,
    augmentation=st.lists(
        st.builds(c.PadAndCrop, padding=count) | st.builds(c.HorizontalFlip, probability=rate), max_size=3
    ).map(tuple),
    clip_norm=st.none() | positive,
    clip_value=st.none() | positive,
    early_stopping=st.none()
    | st.builds(
        c.EarlyStopping,
        patience=count,
        watch=st.sampled_from(["validation_loss", "validation_accuracy"]),
        restore_best=st.booleans(),
    ),
    stop_at_train_loss=st.none() | positive,
    seed=seed,
    device=st.sampled_from(["auto", "cpu", "cuda", "mps"]),
    precision=st.sampled_from(["auto", "fp32", "bf16", "fp16"]),
    memory_format=st.sampled_from(["auto", "contiguous", "channels_last"]),
    compile=st.sampled_from(["auto", "on", "off"]),
)


@given(configs)
def test_json_round_trip(config: RunConfig) -> None:
    assert RunConfig.parse(config.model_dump_json()) == config
    assert RunConfig.parse(json.loads(json.dumps(config.model_dump(mode="json")))) == config


def test_a_config_cannot_change() -> None:
    with pytest.raises(ValidationError):
        RunConfig().epochs = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"epoch": 5}, "epoch is not a setting"),
        ({"epochs": 0}, "epochs:"),
        ({"epochs": 1.5}, "epochs:"),
        ({"batch_size": -1}, "batch_size:"),
        ({"seed": 2**63}, "seed:"),
        ({"optimiser": {"name": "sgd", "learning_rate": math.nan}}, "optimiser.learning_rate:"),
        ({"optimiser": {"name": "sgd", "learning_rate": math.inf}}, "optimiser.learning_rate:"),
        ({"optimiser": {"name": "adam", "momentum": 0.9}}, "optimiser.momentum is not a setting"),
        ({"optimiser": {"name": "sgd", "momentum": 0.0}}, "optimiser: Nesterov"),
        ({"optimiser": {"name": "lion"}}, "optimiser: choose 'sgd', 'adam', 'adamw'"),
        ({"optimiser": {}}, "optimiser: choose"),
        ({"network": {"name": "mlp", "hidden": [0]}}, "network.hidden.0:"),
        ({"augmentation": [{"name": "pad_and_crop", "padding": 0}]}, "augmentation.0.padding:"),
        ({"early_stopping": {"patience": 0}}, "early_stopping.patience:"),
        ({"data": {"name": 3}}, "data.name:"),
        ({"title": "x" * 81}, "title:"),
        ({"title": "\ud800"}, "title:"),
        ({"a\nb": 1}, r"a\nb is not a setting"),
        ({"x" * 5000: 1}, "xxx"),
        ({"epochs": {"deep": ["x" * 5000]}}, "epochs:"),
    ],
)
def test_a_bad_setting_is_named_in_one_line(values: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError) as error:
        RunConfig.parse(values)
    message = str(error.value)
    assert key in message
    assert len(message.splitlines()) == 1
    assert len(message) < 300


def test_all_bad_settings_are_named_at_once() -> None:
    with pytest.raises(ConfigError, match=r"epochs: .*; batch_size: "):
        RunConfig.parse({"epochs": 0, "batch_size": 0})


@pytest.mark.parametrize(
    "broken", ["", "{", "[]", "null", "3", '"text"', "{]", "[" * 100_000, "9" * 5000, "NaN"]
)
def test_what_is_no_object_is_one_line(broken: str) -> None:
    with pytest.raises(ConfigError) as error:
        RunConfig.parse(broken)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 300


def test_a_list_is_no_configuration() -> None:
    with pytest.raises(ConfigError):
        RunConfig.parse([1, 2])  # type: ignore[arg-type]


def test_every_setting_is_described() -> None:
    """Forms and --help are made from the descriptions."""
    undescribed = []

    def visit(model: type[c.Strict]) -> None:
        for name, field in model.model_fields.items():
            plain = name in {"name", "source", "augmentation"} or isinstance(field.default, c.Strict)
            if not (field.description or plain):
                undescribed.append(f"{model.__name__}.{name}")

    parts = (c.PadAndCrop, c.HorizontalFlip, c.Mlp, c.ResNet18, c.CheckpointStart, c.Sgd, c.Adam, c.AdamW)
    for model in (c.Data, *parts, c.RmsProp, c.Adadelta, c.Step, c.Cosine, c.OneCycle, c.EarlyStopping):
        visit(model)
    assert not undescribed
