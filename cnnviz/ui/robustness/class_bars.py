"""Shares of classes as bars, each beside what it was."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit.components.v2 as components

from cnnviz.formatting import decimal

_HTML = '<div class="frame" role="list"></div><div class="note"></div>'
_CSS = """
.frame { display: grid; grid-template-columns: minmax(0, max-content) minmax(40px, 1fr) max-content max-content;
         gap: 0.25rem 0.6rem; align-items: center; font: 0.85rem/1.35 var(--st-font); color: var(--st-text-color); }
.row { display: contents; }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.track { position: relative; height: 14px; background: var(--st-secondary-background-color); border-radius: 2px; }
.bar { position: absolute; inset: 0 auto 0 0; background: #0072B2; border-radius: 2px; }
.before { position: absolute; top: -2px; bottom: -2px; width: 2px; margin-left: -1px; background: #D55E00; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.change { opacity: 0.75; }
.note { margin-top: 0.6rem; font: 0.8rem/1.35 var(--st-font); color: var(--st-text-color); opacity: 0.65; }
.first .name, .first .share { font-weight: 600; }
"""
_JS = """
export default function ({ data, parentElement }) {
  const frame = parentElement.querySelector(".frame");
  frame.setAttribute("aria-label", data.title);
  parentElement.querySelector(".note").textContent = data.note;
  frame.replaceChildren(...data.shares.map((share) => {
    const make = (kind, parent, text) => {
      const made = document.createElement("div");
      made.className = kind;
      made.textContent = text ?? "";
      parent?.append(made);
      return made;
    };
    const row = make("row" + (share.first ? " first" : ""));
    row.setAttribute("role", "listitem");
    row.setAttribute("aria-label", `${share.name}: ${share.words}, was ${share.was}`);
    make("name", row, share.name).title = share.name;
    const track = make("track", row);
    make("bar", track).style.width = 100 * share.now + "%";
    make("before", track).style.left = 100 * share.before + "%";
    make("number share", row, share.words);
    make("number change", row, share.change);
    return row;
  }));
}
"""

_shares = components.component("cnnviz_shares", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True)
class Share:
    """A class and its probability, 0 to 1."""

    name: str
    now: float
    before: float
    words: str
    was: str
    change: str
    first: bool
    """The likeliest one."""


def share(name: str, now: float, before: float, *, first: bool) -> Share:
    """What is drawn of a class."""
    points = round(100 * now, 1) - round(100 * before, 1)
    change = decimal(points, "+.1f") if abs(points) >= 0.05 else "±0.0"
    return Share(name, now, before, per_cent(now), per_cent(before), change, first)


def per_cent(value: float) -> str:
    """A share: 63.1 %."""
    return f"{100 * value:.1f} %"


def shares(these: Sequence[Share], *, key: str, title: str, note: str) -> None:
    """Draw a bar each, with a tick where it was; `note` stands below."""
    _shares(key=key, data={"shares": [asdict(one) for one in these], "title": title, "note": note})
