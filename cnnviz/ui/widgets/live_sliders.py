"""Sliders that are followed while they move: the next value is sent once the answer to the last one is drawn."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import streamlit as st
import streamlit.components.v2 as components

_HTML = '<div class="frame" role="group"></div>'
_CSS = """
.frame { display: grid; grid-template-columns: repeat(auto-fill, minmax(158px, 1fr)); gap: 0.35rem 1.25rem;
         font: 0.85rem/1.3 var(--st-font); color: var(--st-text-color); }
.head { display: flex; justify-content: space-between; gap: 0.5rem; white-space: nowrap; }
.value { font-variant-numeric: tabular-nums; opacity: 0.75; }
.set .value { opacity: 1; font-weight: 600; color: var(--st-primary-color); }
input { width: 100%; height: 1.6rem; margin: 0; accent-color: var(--st-primary-color); cursor: pointer; }
input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; border-radius: 4px; }
"""
_JS = """
const PATIENCE = 5000, REST = 400;
export default function ({ data, parentElement, setTriggerValue }) {
  const frame = parentElement.querySelector(".frame");
  const kept = frame.kept ??= { sent: 0, edition: data.edition, busy: false, moved: false, resting: false };
  kept.tell = setTriggerValue;
  frame.setAttribute("aria-label", data.title);
  const say = (input, range) => {
    const number = String(+(+input.value).toFixed(3)).replace("-", "\\u2212");
    const words = number + (range.unit === "\\u00b0" || !range.unit ? range.unit : " " + range.unit);
    input.setAttribute("aria-valuetext", words);
    input.previousSibling.lastChild.textContent = words;
    input.parentElement.classList.toggle("set", +input.value !== range.neutral);
  };
  const post = () => {
    clearTimeout(kept.patience);
    kept.busy = true;
    kept.moved = false;
    kept.sent += 1;
    const values = Object.fromEntries(kept.inputs.map((input) => [input.name, +input.value]));
    kept.tell("moved", { serial: kept.sent, edition: kept.edition, values, rested: kept.resting });
    kept.resting = false;
    // An answer may be lost, as when the app is started anew.
    kept.patience = setTimeout(() => { kept.busy = false; if (kept.moved || kept.resting) post(); }, PATIENCE);
  };
  const move = () => {
    clearTimeout(kept.rest);
    kept.moved = true;
    kept.resting = false;
    if (!kept.busy) post();
  };
  const settle = () => {
    clearTimeout(kept.rest);
    kept.rest = setTimeout(() => { kept.resting = true; if (!kept.busy) post(); }, REST);
  };
  const spec = JSON.stringify(data.ranges);
  if (kept.spec !== spec) {
    kept.spec = spec;
    frame.replaceChildren();
    kept.inputs = data.ranges.map((range) => {
      const make = (name, parent, kind, text) => {
        const made = document.createElement(name);
        if (kind) made.className = kind;
        if (text) made.textContent = text;
        parent.append(made);
        return made;
      };
      const place = make("div", frame);
      const head = make("div", place, "head");
      make("span", head, "", range.label);
      make("span", head, "value");
      const input = make("input", place);
      Object.assign(input, { type: "range", name: range.name, min: range.low, max: range.high, step: range.step });
      input.setAttribute("aria-label", range.label);
      place.title = range.words;
      input.oninput = () => { say(input, range); move(); };
      input.onchange = settle;
      input.ondblclick = () => { input.value = range.neutral; say(input, range); move(); settle(); };
      return input;
    });
  }
  if (data.edition !== kept.edition) {
    kept.edition = data.edition;
    clearTimeout(kept.rest);
    kept.moved = kept.resting = false;
  }
  if (data.serial >= kept.sent) {
    kept.sent = data.serial;
    kept.busy = false;
    clearTimeout(kept.patience);
    if (kept.moved || kept.resting) post();
    else if (!frame.querySelector("input:active"))
      kept.inputs.forEach((input, index) => {
        input.value = data.values[index];
        say(input, data.ranges[index]);
      });
  }
  frame.dataset.drawn = data.serial;
}
"""

_ranges = components.component("cnnviz_ranges", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True)
class Range:
    """A slider."""

    name: str
    label: str
    unit: str
    low: float
    high: float
    step: float
    neutral: float
    """A double click puts it there."""
    words: str
    """On hover."""


def ranges(
    these: Mapping[str, Range],
    values: Mapping[str, float],
    *,
    key: str,
    title: str,
    move: Callable[[dict[str, float], bool], None],
) -> None:
    """Draw a slider for each of `these`, set to `values`.

    `move` is called before the page or its fragment runs, with all values, and with whether they have come to rest.
    Call this last: once it is drawn, the next movement is sent.
    """
    answered = f"{key} answered"

    def moved() -> None:
        if (message := st.session_state[key].moved) is None:
            return
        st.session_state[answered] = int(message["serial"])
        if message["edition"] != st.session_state.get(_edition(key), 0):
            return
        found = {
            name: min(max(float(message["values"][name]), one.low), one.high) for name, one in these.items()
        }
        move(found, bool(message["rested"]))

    _ranges(
        key=key,
        data={
            "ranges": [asdict(one) for one in these.values()],
            "values": [values[name] for name in these],
            "serial": st.session_state.get(answered, 0),
            "edition": st.session_state.get(_edition(key), 0),
            "title": title,
        },
        on_moved_change=moved,
    )


def put(key: str) -> None:
    """Have the sliders take the values that they are given next, and what they had to say until now forgotten."""
    st.session_state[_edition(key)] = st.session_state.get(_edition(key), 0) + 1


def _edition(key: str) -> str:
    return f"{key} edition"
