"""The map of the Mistakes page, without a browser."""

from cnnviz.runs.run import Run
from tests.pages.test_diagnosis import asked
from tests.pages.test_pages import component, finished, open_page, trained, words

__all__ = ["finished", "trained"]


def test_it_opens_on_a_map(finished: Run, tiny_data: str) -> None:
    app = asked(open_page("diagnosis", run=finished.id, view="map"))
    assert not app.exception
    assert not app.error
    drawn = component(app, "map")
    assert len(drawn["xs"]) == 60
    print(words(app))
