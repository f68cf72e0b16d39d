import pytest

from cnnviz.config import RunConfig
from cnnviz.config.comparison import identity
from cnnviz.data import catalogue
from cnnviz.errors import ConfigError, NotFound
from cnnviz.recipes import convolution, library, plan
from cnnviz.recipes.recipe import SIZES
from cnnviz.train.estimate import parameter_count

TRAINED = [
    (recipe.id, variant) for recipe in library.every().values() for variant in library.variants(recipe)
]


def test_every_experiment_of_the_five_reports_is_there() -> None:
    found = library.every()
    by_report = [
        sum(recipe.report == report for recipe in found.values())
        for report in ("000", "001", "002", "003", "004")
    ]
    assert by_report == [5, 7, 6, 7, 4]
    listed = sum(len(recipe.variant) for recipe in found.values() if recipe.kind == "train")
    grids = 2 * 2 * 2 + 3 * 3 + 5 * 3
    assert len(TRAINED) == listed + grids == 100


def test_each_carries_what_a_reader_needs() -> None:
    for recipe in library.every().values():
        assert recipe.question.endswith("?"), recipe.id
        sentences = recipe.theory.strip().count(". ") + 1
        assert sentences == 3, recipe.id
        assert all((recipe.source, recipe.title, recipe.theory.endswith("."))), recipe.id


@pytest.mark.parametrize(("name", "variant"), TRAINED)
def test_every_variant_is_a_network_that_reads_its_images_at_every_size(name: str, variant: str) -> None:
    recipe = library.find(name)
    for size in SIZES:
        config = plan.configuration(recipe, variant, size=size)
        entry = catalogue.entries()[config.data.name]
        count = parameter_count(
            config.network, image_shape=config.data.shape(entry.shape), classes=entry.classes
        )
        assert count > 0
    smoke = plan.configuration(recipe, variant, size="smoke")
    assert smoke.data.name in ("digits", "shapes")
    assert smoke.epochs == 1
    assert smoke.start.source == "random"
    short = plan.configuration(recipe, variant, size="short")
    full = plan.configuration(recipe, variant)
    assert (
        short.epochs * (short.data.train or 50_000) < full.epochs * (full.data.train or 50_000)
        or name == "003-2"
    )


@pytest.mark.parametrize("name", ["001-2", "002-1", "002-2a"])
def test_parameters_are_those_of_the_report(name: str) -> None:
    recipe = library.find(name)
    config = plan.configuration(recipe, "main")
    assert parameter_count(config.network, image_shape=(32, 32, 3), classes=10) == recipe.parameters


def test_a_later_recipe_takes_over_what_it_does_not_say() -> None:
    config = plan.configuration(library.find("002-3.1"), "crop+flip")
    assert config.network == plan.configuration(library.find("002-2a"), "main").network
    assert [step.name for step in config.augmentation] == ["pad_and_crop", "horizontal_flip"]
    assert config.epochs == 30
    assert library.find("002-3.1").parameters is None


def test_another_optimiser_starts_afresh_and_a_changed_value_does_not() -> None:
    adam = plan.configuration(library.find("001-3-model1"), "adam")
    assert adam.optimiser.model_dump() == {"name": "adam", "learning_rate": 0.005, "weight_decay": 0.0}
    decayed = plan.configuration(library.find("000-1"), "l2")
    assert (decayed.optimiser.name, decayed.optimiser.learning_rate, decayed.optimiser.weight_decay) == (
        "sgd",
        0.1,
        1e-4,
    )


def test_differences_are_those_of_the_variants_alone() -> None:
    found = plan.differences(library.find("002-3.2"))
    assert found["0.4"] == {"network.dropout_conv": 0.4}
    assert plan.differences(library.find("002-1")) == {"main": {}}


def test_seed_title_and_way_to_compute_do_not_make_another_experiment() -> None:
    recipe = library.find("001-2")
    one = plan.configuration(recipe, "main", seed=3).model_copy(update={"precision": "fp32", "title": "mine"})
    assert identity(one) == identity(plan.configuration(recipe, "main"))
    assert identity(one) != identity(plan.configuration(recipe, "main", size="short"))


def test_a_run_takes_the_place_of_imagenet_only_where_it_is_wanted() -> None:
    recipe = library.find("004-2")
    assert plan.configuration(recipe, "unfrozen", pretrained="mine").start.model_dump()["run"] == "mine"
    assert plan.configuration(recipe, "scratch", pretrained="mine").start.source == "random"


def test_unknown_names_get_the_nearest_ones() -> None:
    with pytest.raises(NotFound, match=r"No recipe '002-31'.*002-3\.1"):
        library.find("002-31")
    with pytest.raises(NotFound, match=r"crop\+flip"):
        library.variant(library.find("002-3.1"), "crop-flip")
    with pytest.raises(ConfigError, match="trains nothing"):
        plan.configuration(library.find("001-1"), "main")


def test_a_mistake_in_a_file_is_named(tmp_path) -> None:
    path = tmp_path / "005.toml"
    path.write_text('report = "005"\ntitle = "x"\n[[recipe]]\nid = "005-1"\nquestoin = "?"\n')
    with pytest.raises(ConfigError, match=r"005\.toml.*questoin"):
        library.read(path)
    path.write_text("report = ")
    with pytest.raises(ConfigError, match="is not TOML"):
        library.read(path)


def test_the_lesson_is_a_convolution_and_finds_the_reports_mistakes() -> None:
    from torch import tensor
    from torch.nn.functional import conv2d

    found = library.find("001-1").lesson
    assert found is not None
    reference = conv2d(tensor([[found.image]]), tensor([[found.kernel]]), padding=1)[0, 0]
    assert convolution.output(found).tolist() == reference.tolist()
    assert convolution.wrong(found) == [(0, 3), (0, 4)]
    assert convolution.arithmetic(found, 0, 0) == "1·2 = 2"
    assert convolution.arithmetic(found, 0, 3).endswith(" = −2")


def test_configurations_are_whole() -> None:
    for name, variant in TRAINED:
        config = plan.configuration(library.find(name), variant)
        assert RunConfig.parse(config.model_dump(mode="json")) == config
