import { find, make } from "./browser/elements.js";
import { begin, giveUp, hear, inWords, move, next, rest } from "./slider_messages.js";

// Milliseconds until an answer is held to be lost, and until a slider has come to rest.
const PATIENCE = 5000, REST = 400;

/** @typedef {import("./slider_messages.js").Conversation} Conversation */
/**
 * @typedef {object} Range
 * @property {string} name
 * @property {string} label
 * @property {string} unit
 * @property {number} low
 * @property {number} high
 * @property {number} step
 * @property {number} neutral
 * @property {string} words
 */
/**
 * @typedef {object} Data
 * @property {Range[]} ranges
 * @property {number[]} values
 * @property {number} serial of the last message that is answered
 * @property {number} edition of the values
 * @property {string} title
 */
/**
 * A row of sliders, for as long as they are on the page.
 * @typedef {object} Row
 * @property {string} made of these ranges
 * @property {HTMLInputElement[]} inputs
 * @property {Conversation} talk
 * @property {(name: string, value: unknown) => void} tell
 * @property {number} [patience] a timer
 * @property {number} [resting] a timer
 */

/** @type {WeakMap<HTMLElement, Row>} */
const rows = new WeakMap();

/** @param {Row} row */
function send(row) {
  const [talk, message] = next(row.talk);
  row.talk = talk;
  if (!message) return;
  const values = Object.fromEntries(row.inputs.map((input) => [input.name, +input.value]));
  row.tell("moved", { ...message, values });
  clearTimeout(row.patience);
  row.patience = window.setTimeout(() => { row.talk = giveUp(row.talk); send(row); }, PATIENCE);
}

/**
 * Show a slider's value.
 * @param {HTMLInputElement} input
 * @param {Range} range
 */
function say(input, range) {
  const words = inWords(+input.value, range.unit);
  input.setAttribute("aria-valuetext", words);
  const place = /** @type {HTMLElement} */ (input.parentElement);
  find(place, ".value", HTMLElement).textContent = words;
  place.classList.toggle("set", +input.value !== range.neutral);
}

/**
 * @param {Row} row
 * @param {HTMLElement} frame
 * @param {Range} range
 */
function slider(row, frame, range) {
  const place = make("div", frame);
  const head = make("div", place, "head");
  make("span", head, "", range.label);
  make("span", head, "value");
  const input = make("input", place);
  Object.assign(input, { type: "range", name: range.name, min: range.low, max: range.high, step: range.step });
  input.setAttribute("aria-label", range.label);
  place.title = range.words;
  const moved = () => {
    clearTimeout(row.resting);
    say(input, range);
    row.talk = move(row.talk);
    send(row);
  };
  const settle = () => {
    clearTimeout(row.resting);
    row.resting = window.setTimeout(() => { row.talk = rest(row.talk); send(row); }, REST);
  };
  input.oninput = moved;
  input.onchange = settle;
  input.ondblclick = () => { input.value = String(range.neutral); moved(); settle(); };
  return input;
}

/** @param {import("./browser/elements.js").Arguments<Data>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const frame = find(parentElement, ".frame", HTMLElement);
  /** @type {Row} */
  const row = rows.get(frame) ?? { made: "", inputs: [], talk: begin(data.edition), tell: setTriggerValue };
  rows.set(frame, row);
  row.tell = setTriggerValue;
  frame.setAttribute("aria-label", data.title);
  const made = JSON.stringify(data.ranges);
  if (row.made !== made) {
    row.made = made;
    frame.replaceChildren();
    row.inputs = data.ranges.map((range) => slider(row, frame, range));
  }
  const put = data.edition !== row.talk.edition;
  const [talk, take] = hear(row.talk, data);
  row.talk = talk;
  if (put) clearTimeout(row.resting);
  if (!talk.waiting) clearTimeout(row.patience);
  if (take && (put || !frame.querySelector("input:active")))
    row.inputs.forEach((input, index) => {
      input.value = String(data.values[index]);
      say(input, data.ranges[index]);
    });
  send(row);
  frame.dataset.drawn = String(data.serial);
  return () => { clearTimeout(row.patience); clearTimeout(row.resting); };
}
