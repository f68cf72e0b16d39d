import { find, make } from "../widgets/browser/elements.js";

/**
 * Probabilities now and before are from 0 to 1.
 * @typedef {object} Share
 * @property {string} name
 * @property {number} now
 * @property {number} before
 * @property {string} words
 * @property {string} was
 * @property {string} change
 * @property {boolean} first
 */
/** @typedef {{ shares: Share[], title: string, note: string }} Data */

/** @param {import("../widgets/browser/elements.js").Arguments<Data>} component */
export default function ({ data, parentElement }) {
  const frame = find(parentElement, ".frame", HTMLElement);
  frame.setAttribute("aria-label", data.title);
  find(parentElement, ".note", HTMLElement).textContent = data.note;
  const rows = document.createDocumentFragment();
  for (const share of data.shares) {
    const row = make("div", rows, share.first ? "row first" : "row");
    row.setAttribute("role", "listitem");
    row.setAttribute("aria-label", `${share.name}: ${share.words}, was ${share.was}`);
    make("div", row, "name", share.name).title = share.name;
    const track = make("div", row, "track");
    make("div", track, "bar").style.width = 100 * share.now + "%";
    make("div", track, "before").style.left = 100 * share.before + "%";
    make("div", row, "number share", share.words);
    make("div", row, "number change", share.change);
  }
  frame.replaceChildren(rows);
}
