import pytest

from cnnviz.config import (
    AdamW,
    CheckpointStart,
    Constant,
    EarlyStopping,
    HorizontalFlip,
    ImageNetStart,
    Mlp,
    OneCycle,
    RunConfig,
    Sgd,
    Step,
    with_settings,
)
from cnnviz.errors import ConfigError


def changed(**settings: str) -> RunConfig:
    return with_settings(RunConfig(), {key.replace("__", "."): value for key, value in settings.items()})


def test_plain_values() -> None:
    config = changed(epochs="3", title="a title", data__name="mnist", clip_norm="1.5", seed="7")
    assert (config.epochs, config.title, config.data.name) == (3, "a title", "mnist")
    assert (config.clip_norm, config.seed) == (1.5, 7)


def test_nothing_else_changes() -> None:
    assert changed(epochs="3") == RunConfig(epochs=3)
    assert changed() == RunConfig()


@pytest.mark.parametrize("first", [False, True])
def test_another_member_of_a_union_starts_with_its_own_defaults(first: bool) -> None:
    settings = {"optimiser.weight_decay": "0.5", "optimiser.name": "adamw"}
    items = reversed(settings.items()) if first else settings.items()
    assert with_settings(RunConfig(), dict(items)).optimiser == AdamW(weight_decay=0.5)


def test_the_same_member_keeps_what_it_had() -> None:
    before = RunConfig(optimiser=Sgd(momentum=0.5))
    after = with_settings(before, {"optimiser.name": "sgd", "optimiser.learning_rate": "2"})
    assert after.optimiser == Sgd(momentum=0.5, learning_rate=2)


def test_every_union() -> None:
    config = changed(
        network__name="mlp", network__hidden="[3, 4]", schedule__name="step", start__source="imagenet"
    )
    assert (config.network, config.schedule, config.start) == (Mlp(hidden=(3, 4)), Step(), ImageNetStart())
    config = changed(start__source="checkpoint", start__run="a-run", schedule='{"name": "constant"}')
    assert (config.start, config.schedule) == (CheckpointStart(run="a-run"), Constant())
    config = changed(augmentation='[{"name": "horizontal_flip", "probability": 1}]', schedule__warm_up="0.5")
    assert (config.augmentation, config.schedule) == ((HorizontalFlip(probability=1),), OneCycle(warm_up=0.5))


def test_early_stopping_from_nothing_and_back() -> None:
    config = changed(early_stopping__patience="3")
    assert config.early_stopping == EarlyStopping(patience=3)
    assert with_settings(config, {"early_stopping": "null"}).early_stopping is None


def test_the_data_sets_name_is_no_choice_of_a_union() -> None:
    before = with_settings(RunConfig(), {"data.train": "50"})
    assert with_settings(before, {"data.name": "mnist"}).data.train == 50


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("epoch", "3"),
        ("epochs", "0"),
        ("epochs", "NaN"),
        ("epochs", "9" * 5000),
        ("epochs", "[" * 100_000),
        ("epochs.more", "1"),
        ("optimiser.nothing", "1"),
        ("optimiser.name", "lion"),
        ("nothing.at.all", "1"),
        ("clip_norm.x", "1"),
        ("augmentation.0.padding", "1"),
        ("", "1"),
        (".", "1"),
        ("optimiser.", "1"),
    ],
)
def test_what_does_not_exist_is_one_line(path: str, value: str) -> None:
    with pytest.raises(ConfigError) as error:
        with_settings(RunConfig(), {path: value})
    assert len(str(error.value).splitlines()) == 1
    assert path.partition(".")[0] in str(error.value)
