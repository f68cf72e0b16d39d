"""The map: images laid out by what a layer makes of them, and those of a part of it beside."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnnviz.diagnosis import embedding_file, embedding_process, embedding_words
from cnnviz.diagnosis.embedding import METHODS, Embedding
from cnnviz.formatting import per_cent
from cnnviz.progress import Work
from cnnviz.render.marks import APART, Marks
from cnnviz.render.scatter import picture
from cnnviz.runs.status import Status
from cnnviz.ui.mistakes import embedding_options, embeddings, gallery
from cnnviz.ui.mistakes.embedding_options import COLOURINGS
from cnnviz.ui.mistakes.embeddings import SEED, EmbeddingRequest
from cnnviz.ui.mistakes.evaluation import Evaluation
from cnnviz.ui.mistakes.gallery import PREFIX
from cnnviz.ui.mistakes.parameters import BOX
from cnnviz.ui.resources import results
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import IMAGE
from cnnviz.ui.widgets import long_work
from cnnviz.ui.widgets.scatter import Box, Picked, scatter

if TYPE_CHECKING:
    from cnnviz.data.prepared import Dataset

_SHOWN = "map shown"
_ICON = ":material/scatter_plot:"
_NEAREST = 12
"""Images shown of one that was chosen: itself and those nearest to it."""
_NAMED = 5
"""Classes that are counted by name."""


@dataclass(frozen=True, eq=False)
class _Map:
    """A map that is shown, and what is chosen in it."""

    asked: Evaluation
    data: "Dataset"
    request: EmbeddingRequest
    found: Embedding
    places: NDArray[np.intp]
    """Of its images in the predictions."""
    marks: Marks
    box: Box | None
    chosen: int | None
    """Number of a point."""

    @property
    def within(self) -> NDArray[np.intp]:
        """Numbers of the points in the box."""
        return np.zeros(0, np.intp) if self.box is None else self.box.holds(self.found.points)


def show(asked: Evaluation) -> None:
    """Choose what is mapped; see the map and the images of what is chosen in it, or have it made."""
    if asked.data is None:
        st.info(
            f"The images of {asked.network.card.data} are not on this machine: get them on the Home page. "
            "A map shows what a layer makes of them.",
            icon=":material/download:",
        )
        return
    request, places, by = embedding_options.choose(asked)
    method = METHODS[request.method]
    st.caption(f"{method.title}: {method.shows} {method.misleads}")
    if method.missing:
        st.info(method.missing, icon=":material/extension_off:")
        return
    found = results.known(request.embedding)
    if found is None:
        _make(request, _images(asked, asked.data))
        return
    _same_map(request)
    marks = COLOURINGS[by].of(asked, places)
    box, chosen = selection.value(BOX), _chosen(asked, request)
    _drawn(_Map(asked, asked.data, request, found, places, marks, box, chosen))


def _make(request: EmbeddingRequest, images: NDArray[np.uint8]) -> None:
    """Make it at once where that is quick and was not stopped, else when the button is pressed."""
    count = len(request.numbers)
    label = f"{METHODS[request.method].title} of {count:,} images"
    if not METHODS[request.method].quick:
        _in_background(request, images, label)
        return
    make = partial(request.embedding.obtain, partial(request.compute, images))
    if count > embedding_options.QUICK and results.known(request.features) is None:
        long_work.offer(label, make, key="make map", name="map", icon=_ICON)
    elif long_work.at_once(
        make, of=request.embedding.mark, name="map", again=label, key="make map", icon=_ICON
    ):
        st.rerun()


def _in_background(request: EmbeddingRequest, images: NDArray[np.uint8], label: str) -> None:
    """A map that takes long goes on when the page is left, and is found again."""
    target = request.embedding
    now = embedding_process.state(target)
    if now is not None and now.active:
        long_work.watch(
            partial(embedding_process.state, target), partial(embedding_process.stop, target), name="map"
        )
        return
    if now is not None and now.state in ("failed", "interrupted"):
        st.warning(now.reason, icon=":material/scatter_plot:")
    long_work.offer(label, partial(_begin, request, images), key="make map", name="map", icon=_ICON)


def _begin(request: EmbeddingRequest, images: NDArray[np.uint8]) -> Work[Status]:
    """The features here, then the map in a process of its own."""
    yield from request.features.obtain(partial(request.compute_features, images))
    return embedding_process.start(
        request.features, request.embedding, method=request.method, options=request.options, seed=SEED
    )


def _same_map(request: EmbeddingRequest) -> None:
    """Give up a box that was drawn on another map."""
    before = st.session_state.get(_SHOWN)
    st.session_state[_SHOWN] = request.embedding.mark
    if before is not None and before != request.embedding.mark:
        selection.drop(BOX)


def _drawn(shown: _Map) -> None:
    asked, request, found = shown.asked, shown.request, shown.found
    title, count = METHODS[found.method].title, len(shown.places)
    left, right = st.columns([5, 6], gap="large")
    with left:
        of = f"{shown.data.name} {asked.split} {request.network.stamp}"
        picked = scatter(
            found.points,
            shown.marks,
            _words(asked, shown.places),
            key="map",
            axes=embedding_words.axes(found),
            alt=f"Map of {count:,} {asked.split} images by {request.layer}, {title}: arrow keys walk from image to "
            "image, Enter chooses, with Shift a box, Escape gives it up",
            pictures=embeddings.pictures(_images(asked, shown.data), request.numbers, of),
            box=shown.box,
            chosen=shown.chosen,
        )
        if picked is not None:
            _follow(shown, picked)
        _about(shown)
        _downloads(shown)
    with right:
        _beside(shown)


def _follow(shown: _Map, picked: Picked) -> None:
    """Put what was just picked into the address."""
    if picked.box is not None:
        if shown.box is not None and picked.box.name == shown.box.name:
            return
        selection.drop(IMAGE)
        if len(picked.box.holds(shown.found.points)):
            selection.put(BOX, picked.box)
        else:
            selection.drop(BOX)
    elif picked.point is not None:
        if picked.point == shown.chosen:
            return
        selection.put(IMAGE, f"{PREFIX[shown.asked.split]}.{shown.request.numbers[picked.point]}")
        if picked.point not in shown.within:
            selection.drop(BOX)
    elif shown.box is None and shown.chosen is None:
        return
    else:
        _clear()
    st.rerun()


def _clear() -> None:
    selection.drop(BOX)
    selection.drop(IMAGE)


def _beside(shown: _Map) -> None:
    """The images of the box; of a chosen image, its nearest; else the mistakes."""
    said, places, request = shown.asked.found, shown.places, shown.request
    if shown.box is not None:
        within = places[shown.within]
        listed = within[np.lexsort((-said.sureness[within], said.right[within]))]
        what = "In the box, mistakes first"
    elif shown.chosen is not None and (rows := results.known(request.features)) is not None:
        listed = places[
            embeddings.nearest(request.embedding.mark, shown.chosen, _NEAREST, _features=rows.features)
        ]
        what = f"Image {request.numbers[shown.chosen]:,}, and the nearest to it by features"
    else:
        wrong = places[~said.right[places]]
        listed = wrong[np.argsort(-said.sureness[wrong], kind="stable")]
        what = "Mistakes on the map, surest first"
    if shown.box is not None or shown.chosen is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_counted(shown.asked, listed))
            st.button("Clear", icon=":material/close:", key="clear box", type="tertiary", on_click=_clear)
    gallery.show(request.network, shown.data, said, listed, split=shown.asked.split, what=what)


def _about(shown: _Map) -> None:
    """The caption: what it is of, and how far it can be trusted."""
    wrong = int((~shown.asked.found.right[shown.places]).sum())
    shared = " Of so many classes some share colour and shape." if len(shown.marks.entries) > APART else ""
    st.caption(
        f"{len(shown.places):,} {shown.asked.split} images, {shown.found.width:,} features of {shown.request.layer}, "
        f"{embedding_words.how(shown.found)}. A cross is taken for another class ({wrong:,}).{shared} "
        "Drag for a box, click for an image; arrow keys walk, Enter chooses, Shift spans a box."
    )
    st.caption(embedding_words.trust(shown.found))


def _downloads(shown: _Map) -> None:
    request, found, said = shown.request, shown.found, shown.asked.found
    split, names = shown.asked.split, shown.asked.names
    stem = f"{request.network.run.id}-{split}-{request.layer}-{request.method}".replace(":", "-")
    lines = (
        f"{request.network.run.id}, {request.network.snapshot}: {len(shown.places):,} {split} images by "
        f"{request.layer}",
        f"{embedding_words.how(found)}; trustworthiness {found.trust:.3f}",
    )
    guesses, sureness = said.guesses[shown.places], said.sureness[shown.places]
    files = (
        ("PNG", "png", "image/png",
         lambda: picture(found.points, shown.marks, axes=embedding_words.axes(found), lines=lines)),
        ("CSV", "csv", "text/csv",
         lambda: embedding_words.table(
             found, request.numbers, request.labels, guesses, sureness=sureness, names=names, prefix=PREFIX[split])),
        ("Features", "npz", "application/octet-stream", lambda: _archive(request, found)),
    )  # fmt: skip
    with st.container(horizontal=True):
        for label, ending, kind, content in files:
            st.download_button(
                label, content, f"{stem}.{ending}", kind, icon=":material/download:", on_click="ignore",
                key=f"map {ending}",
            )  # fmt: skip


def _archive(request: EmbeddingRequest, found: Embedding) -> bytes:
    rows = results.known(request.features)
    return embedding_file.archive(rows, found) if rows is not None else b""


def _images(asked: Evaluation, data: "Dataset") -> NDArray[np.uint8]:
    return data.test_images if asked.split == "test" else data.train_images


def _chosen(asked: Evaluation, request: EmbeddingRequest) -> int | None:
    """The point of the image that the address names, if it is on the map."""
    place = gallery.place(asked.found, selection.peek(IMAGE) or "", asked.split)
    if place is None:
        return None
    at = np.flatnonzero(request.numbers == asked.found.numbers[place])
    return int(at[0]) if len(at) else None


def _words(asked: Evaluation, places: NDArray[np.intp]) -> list[str]:
    """Of each image: its number, class, guess and how sure that is."""
    found, names = asked.found, asked.names
    rows = zip(
        found.numbers[places].tolist(),
        found.labels[places].tolist(),
        found.guesses[places].tolist(),
        found.probabilities[places].tolist(),
        strict=True,
    )
    said = []
    for number, label, guess, shares in rows:
        lines = [
            f"{asked.split} image {number:,}",
            f"labelled {names[label]}",
            f"predicted {names[guess]}, {per_cent(shares[guess])}",
        ]
        if label != guess:
            lines.append(f"{names[label]}: {per_cent(shares[label])}")
        said.append("\n".join(lines))
    return said


def _counted(asked: Evaluation, places: NDArray[np.intp]) -> str:
    """ "87 images: cat (61), dog (26); predicted cat (70), dog (17); 19 wrong"."""
    found = asked.found
    wrong = int((~found.right[places]).sum())
    images = "image" if len(places) == 1 else "images"
    return (
        f"{len(places):,} {images}: {_most(found.labels[places], asked.names)}; "
        f"predicted {_most(found.guesses[places], asked.names)}; {wrong:,} wrong"
    )


def _most(classes: NDArray[np.integer], names: tuple[str, ...]) -> str:
    counts = np.bincount(classes, minlength=len(names))
    order = [n for n in np.argsort(-counts, kind="stable").tolist() if counts[n]]
    said = [f"{names[n]} ({counts[n]:,})" for n in order[:_NAMED]]
    rest = int(counts[order[_NAMED:]].sum())
    return ", ".join([*said, f"others ({rest:,})"] if rest else said) or "none"
