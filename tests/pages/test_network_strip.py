"""The strip of layers: its arcs lead from the layers that their words name."""

import re

import pytest

from tests.conftest import Bench
from tests.pages.test_filters import shipped
from tests.pages.test_pages import component, open_page

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("layer", "arcs"), [("layer2.0", 1), ("layer3.0.conv1", 2)])
def test_an_arc_leads_from_what_is_taken_in(bench: Bench, layer: str, arcs: int) -> None:
    app = open_page("activations", run=shipped(bench, "cifar10-resnet18"), layer=layer)
    assert not app.exception
    stops = component(app, "network strip")["stops"]
    seen = 0
    for stop in stops:
        named = re.search(r"takes in (.+?) too", stop["words"])
        sources = named.group(1).split(" and ") if named else []
        assert len(stop["jumps"]) == len(sources)
        for jump, source in zip(stop["jumps"], sources, strict=True):
            assert stops[jump]["words"].startswith("image" if source == "the image" else f"{source}: ")
            seen += 1
    assert seen >= arcs
