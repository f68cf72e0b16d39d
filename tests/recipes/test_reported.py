"""The figures of the five reports, beside a copy that was taken from them once more."""

import json
from pathlib import Path

import pytest

from cnnviz.recipes import library, results_table
from cnnviz.recipes.recipe import Reported

COPY = json.loads((Path(__file__).with_name("reported.json")).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", list(library.every()))
def test_each_figure_is_the_reports(name: str) -> None:
    recipe = library.find(name)
    variants = library.variants(recipe)
    assert set(COPY.get(name, {})) <= set(variants)
    for variant in variants.values():
        said = variant.reported.model_dump(mode="json", exclude_defaults=True)
        assert said == COPY.get(name, {}).get(variant.id, {}), variant.id


def test_the_document_has_every_reported_accuracy() -> None:
    text = Path(library.__file__).parents[2].joinpath("docs", "reproduction.md").read_text(encoding="utf-8")
    for name, variants in COPY.items():
        section = text.partition(f"### {name}: ")[2].partition("\n### ")[0]
        for variant, figures in variants.items():
            if "test_accuracy" in figures:
                said = results_table.reported_text(Reported(**figures), "test_accuracy")
                assert f"| {variant} | {said} |" in section
