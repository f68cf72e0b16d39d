"""Settings as a person writes them."""

import pytest

from cnnviz.config.words import setting_titles, setting_value


def test_settings_go_by_their_own_name_or_by_that_of_what_they_choose() -> None:
    assert setting_titles(["epochs", "network.name", "network.dropout", "data.train"]) == {
        "epochs": "Epochs",
        "network.name": "Network",
        "network.dropout": "Dropout",
        "data.train": "Training images",
    }


def test_settings_of_one_name_are_told_apart_by_their_part() -> None:
    assert setting_titles(["data.size", "network.size"]) == {
        "data.size": "Data: Size",
        "network.size": "Network: Size",
    }


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [("network.name", "resnet18", "ResNet-18"), ("data.name", "cifar10", "cifar10"),
     ("optimiser.nesterov", True, "yes"), ("network.dropout", 0.5, "0.5"),
     ("network.hidden", [16, 8], "16 + 8"), ("clip_norm", None, "–"), ("data.train", 45_000, "45,000"),
     ("seed", 12_345, "12345")],
)  # fmt: skip
def test_values_are_in_words_but_for_names_that_somebody_gave(key: str, value: object, text: str) -> None:
    assert setting_value(key, value) == text
