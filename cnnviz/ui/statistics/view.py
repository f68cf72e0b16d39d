"""How the layers of a network differ from first to last: a small chart a measure, a table, and what to measure."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from cnnviz.charts import layer_measures
from cnnviz.data import catalogue
from cnnviz.explore.statistics.measures import MEASURES, in_words
from cnnviz.explore.statistics.profile import LayerStatistics, Profile, table
from cnnviz.formatting import per_cent
from cnnviz.progress import Work, within
from cnnviz.runs.run import every
from cnnviz.ui.resources import datasets
from cnnviz.ui.resources.selected_network import SelectedNetwork
from cnnviz.ui.shell import selection
from cnnviz.ui.shell.parameters import LAYER
from cnnviz.ui.statistics.parameters import BESIDE, IMAGES, OF
from cnnviz.ui.statistics.profiles import UNTRAINED, ImageSample, SnapshotProfiles
from cnnviz.ui.widgets import long_work, pin, snapshot_picker
from cnnviz.ui.widgets.network_picker import name

if TYPE_CHECKING:
    from cnnviz.report.figures.figure import Figure

_COUNTS = (100, 250, 500, 1_000, 2_000)
_COUNT = 500
_NOTHING, _ALL = "nothing", "all"
_KEY = "statistics of"
_WIDE = 16
"""Layers of sample a chart takes the whole width."""


def show(network: SelectedNetwork) -> None:
    """Choose images and what to compare with; see all measures, or measure what is not known yet."""
    one = SnapshotProfiles(network.run, network.snapshot)
    counts = _counts(network)
    _forget(one, counts)
    first, second, third, fourth = st.columns([2, 2, 4, 2], vertical_alignment="bottom")
    with first:
        default = str(_COUNT) if str(_COUNT) in counts else counts[-1]
        count = selection.selectbox(IMAGES, counts, default=default, words=lambda text: f"{int(text):,}")
    with second:
        classes = {_ALL: "all classes"} | {str(n): text for n, text in enumerate(network.card.classes)}
        of_class = selection.selectbox(OF, list(classes), default=_ALL, words=lambda key: classes[key])
    sample = ImageSample(int(count), None if of_class == _ALL else int(of_class))
    with third:
        other = _beside(one, sample)
    subjects = {_title(one, other): one} | ({_title(other, one): other} if other else {})
    known = {title: subject.known(sample) for title, subject in subjects.items()}
    missing = {title: subject for title, subject in subjects.items() if known[title] is None}
    found = {title: profile for title, profile in known.items() if profile is not None}
    with fourth:
        all_layers = st.toggle("Every layer", key="every layer", disabled=not found)
    if missing:
        _offer(network, missing, sample)
    if found:
        _charts(network, found, all_layers=all_layers)


def _forget(one: SnapshotProfiles, counts: list[str]) -> None:
    """Drop what was chosen for another network and is not to be had for this one, before it is warned of."""
    before: SnapshotProfiles | None = st.session_state.get(_KEY)
    st.session_state[_KEY] = one
    if before is None or before == one:
        return
    selection.drop(BESIDE)
    if before.run.config.data.name != one.run.config.data.name:
        selection.drop(OF)
    if (selection.peek(IMAGES) or "") not in counts:
        selection.drop(IMAGES)


def _counts(network: SelectedNetwork) -> list[str]:
    data = network.card.data
    size = len(datasets.dataset(data).test_labels) if data in catalogue.available() else _COUNTS[-1]
    return [str(count) for count in _COUNTS if count < size] + ([str(size)] if size <= _COUNTS[-1] else [])


def _beside(one: SnapshotProfiles, sample: ImageSample) -> SnapshotProfiles | None:
    """Another network for the same charts: of this run, or another run's last one."""
    snapshots = one.run.snapshots()
    others = [
        SnapshotProfiles(one.run, snapshot) for snapshot in reversed(snapshots) if snapshot != one.snapshot
    ]
    if "epoch_0000" not in snapshots and one.run.config.start.source == "random":
        others.insert(0, SnapshotProfiles(one.run, UNTRAINED))
    for run in every():
        if run.id != one.run.id and run.snapshots() and run.config.data.name == one.run.config.data.name:
            others.append(SnapshotProfiles(run, run.snapshots()[0]))
    by_key = {f"{subject.run.id}:{subject.snapshot}": subject for subject in others}
    words = {
        key: _snapshot(subject.snapshot) if subject.run.id == one.run.id else name(subject.run)
        for key, subject in by_key.items()
    }
    # Learning shows at once, where it has been measured.
    begun = (f"{one.run.id}:{UNTRAINED}", f"{one.run.id}:epoch_0000")
    default = next((key for key in begun if key in by_key and by_key[key].known(sample)), _NOTHING)
    chosen = selection.selectbox(
        BESIDE, [_NOTHING, *by_key], default=default, words=lambda key: words.get(key, key)
    )
    return by_key.get(chosen)


def _snapshot(snapshot: str) -> str:
    return "untrained, from its seed" if snapshot == UNTRAINED else snapshot_picker.title(snapshot)


def _title(one: SnapshotProfiles, other: SnapshotProfiles | None) -> str:
    """As short as tells the two apart."""
    if other is None or one.run.id == other.run.id:
        return _snapshot(one.snapshot)
    return one.run.title if one.run.title != other.run.title else one.run.id


def _offer(network: SelectedNetwork, missing: Mapping[str, SnapshotProfiles], sample: ImageSample) -> None:
    data = network.card.data
    if not data:
        st.info("This network came without a data set, so there are no test images to look through.")
        return
    if data not in catalogue.available():
        st.info(
            f"What is not measured yet shows here once the images of {data} are on this machine: see Home.",
            icon=":material/download:",
        )
        return
    names = " and ".join(f"“{title}”" for title in missing)
    st.markdown(
        f"Not measured yet: {names}. All layers are looked at in one go; what comes out is stored beside the run."
    )
    long_work.offer(
        f"Measure {sample.count:,} test images",
        partial(_measure, missing, sample),
        key=f"measure {network.run.id} {network.snapshot}",
        name="measuring",
        start="Looking through the layers",
    )


def _measure(missing: Mapping[str, SnapshotProfiles], sample: ImageSample) -> Work[list[Profile]]:
    found = []
    for number, (title, subject) in enumerate(missing.items()):
        work = subject.artifact(sample).obtain(partial(subject.measure, sample))
        share = 1 / len(missing)
        found.append((yield from within(work, number * share, (number + 1) * share, before=f"{title}: ")))
    return found


def _charts(network: SelectedNetwork, found: Mapping[str, Profile], *, all_layers: bool) -> None:
    of = next(iter(found.values()))
    layers = {title: one.layers if all_layers else one.main for title, one in found.items()}
    images = "image" if of.images == 1 else "images"
    st.caption(
        f"{of.images:,} test {images} of {of.data}, {f'only {of.of_class}' if of.of_class else 'all classes'}; "
        f"layers in the order of running{'' if all_layers else ', blocks and activations only'}. "
        "Bars are one standard error over images. Click a point to see that layer."
        + (f" Left out, since they give no maps: {', '.join(of.left_out)}." if of.left_out else "")
    )
    widest = max(map(len, layers.values()))
    columns = 1 if widest > _WIDE else 2
    places = [
        place for _ in range(-(-len(MEASURES) // columns)) for place in st.columns(columns, gap="large")
    ]
    for place, (key, measure) in zip(places, MEASURES.items(), strict=False):
        with place:
            # Of the main layers always: a convolution's own output beside a ReLU's says nothing of depth.
            told = {title: in_words(measure, one.main) for title, one in found.items()}
            if not all(map(measure.shown, layers.values())):
                st.markdown(f"**{measure.title}**")
                st.caption(_why_not(key, of))
                continue
            event = st.altair_chart(
                layer_measures.by_layer(measure, layers),
                key=f"chart {key}",
                on_select="rerun",
                selection_mode=layer_measures.PICKED,
                alt=f"{measure.title}, by layer. "
                + " ".join(f"{title}: {text}" for title, text in told.items()),
            )
            lines = [
                f"{f'*{title}*: ' if len(told) > 1 else ''}{text}" for title, text in told.items() if text
            ]
            st.caption("  \n".join([*lines, measure.meaning + _remark(key, of)]))
            pin.pin(partial(_figure, network, key, of), key=f"measure {key}")
            picked = event["selection"].get(layer_measures.PICKED) if event else None
            if picked:
                _go(network, str(picked[0]["layer"]))
    _table(network, found, layers)


def _figure(network: SelectedNetwork, measure: str, of: Profile) -> "Figure":
    from cnnviz.report.figures.layers import Layers

    return Layers(
        run=network.run.id, snapshot=network.snapshot, measure=measure, images=of.images, of_class=of.of_class
    )


def _why_not(key: str, of: Profile) -> str:
    if key in ("selectivity", "probe"):
        return "Needs images of two classes or more, two of each: choose all classes, or more images."
    return "These layers have no maps: a unit is a single cell." if key == "spread" else "There is none here."


def _remark(key: str, of: Profile) -> str:
    match key:
        case "probe":
            return (
                " It is ridge regression, fitted on half of the images and scored on the other half, both ways round; "
                f"guessing scores {per_cent(of.guess, digits=0)}."
            )
        case "effective_field":
            return f" Mean of {of.field_images} images; the input has {of.side} × {of.side}."
        case "selectivity":
            return " Mean over the channels that are not silent."
    return ""


def _table(
    network: SelectedNetwork, found: Mapping[str, Profile], layers: Mapping[str, Sequence[LayerStatistics]]
) -> None:
    with st.expander("All figures", icon=":material/table_rows:"):
        st.caption("Choose a row to see that layer.")
        rows = [(title, one) for title, ones in layers.items() for one in ones]
        event = st.dataframe(
            pd.DataFrame([_row(title, one, len(found) > 1) for title, one in rows]),
            hide_index=True,
            on_select="rerun",
            selection_mode="single-row",
            key="statistics table",
        )
        if event and event["selection"]["rows"]:
            _go(network, rows[event["selection"]["rows"][0]][1].layer)
    with st.container(horizontal=True):
        for title, one in found.items():
            st.download_button(
                f"CSV, every layer{f': {title}' if len(found) > 1 else ''}",
                table(one),
                f"{network.run.id}-{title}-statistics.csv".replace(" ", "-"),
                "text/csv",
                icon=":material/download:",
                on_click="ignore",
                key=f"csv {title}",
            )


def _row(title: str, one: LayerStatistics, several: bool) -> dict[str, object]:
    cells: dict[str, object] = {"Of": title} if several else {}
    cells |= {"Layer": one.layer, "Kind": one.kind, "Output": " × ".join(map(str, one.output_shape))}
    for measure in MEASURES.values():
        value = measure.value(one)
        cells[measure.title] = "–" if value is None else measure.exactly(value, measure.error(one))
        if measure.beside_title:
            beside = measure.beside(one)
            cells[measure.beside_title.capitalize()] = (
                "–" if beside is None else measure.exactly(beside, None)
            )
    return cells


def _go(network: SelectedNetwork, layer: str) -> None:
    """Open the layer on the page of activations."""
    selection.put(LAYER, layer)
    st.switch_page("pages/activations.py", query_params=network.link | selection.link({LAYER: layer}))
