import { find, make } from "../widgets/browser/elements.js";
import { keep, walk } from "../widgets/browser/keyboard.js";
import { decode, enlarge, penOf, resize, screenDots, wholeFactor } from "../widgets/browser/pixels.js";
import { NOTHING } from "../widgets/browser/theme.js";
import { arc, scrolled, tabStop } from "./strip_layout.js";

const SIDE = 48, SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {object} Stop
 * @property {string | null} key null where it can't be chosen
 * @property {string} name
 * @property {string} size
 * @property {string} words
 * @property {string} sign
 * @property {boolean} inside
 * @property {boolean} branches
 * @property {number[]} jumps
 */
/**
 * @typedef {object} Data
 * @property {string} png all pictures side by side
 * @property {[left: number, width: number, height: number][]} boxes of the pictures
 * @property {Stop[]} stops
 * @property {string} selected
 * @property {string} alt
 * @property {string} stamp
 */

/** @typedef {import("../widgets/browser/elements.js").Arguments<Data>} Component */

/**
 * What is decoded for a row: what comes later takes the place of what is still on its way.
 * @type {WeakMap<HTMLElement, HTMLImageElement>}
 */
const images = new WeakMap();

/** @param {Component} component */
export default function (component) {
  const row = find(component.parentElement, ".row", HTMLElement);
  const image = images.get(row) ?? new Image();
  if (!images.has(row)) draw(component, null);
  images.set(row, image);
  decode(component.data.png, () => draw(component, image), image);
}

/**
 * Fill the row anew; without an image, with places for the pictures.
 * @param {Component} component
 * @param {HTMLImageElement | null} image
 */
function draw({ data, parentElement, setTriggerValue }, image) {
  const row = find(parentElement, ".row", HTMLElement);
  const scroll = find(parentElement, ".scroll", HTMLElement);
  const tip = find(parentElement, ".tip", HTMLElement);
  const { stops, boxes } = data;
  const selected = stops.findIndex((stop) => stop.key === data.selected);
  const focused = row.contains(parentElement.activeElement);
  row.replaceChildren();
  row.setAttribute("aria-label", data.alt);
  /** @param {number} index */
  const say = (index) => { tip.textContent = stops[index]?.words ?? NOTHING; };

  const nodes = stops.map((stop, index) => {
    const node = make("button", row);
    node.setAttribute("role", "option");
    node.setAttribute("aria-selected", String(index === selected));
    node.setAttribute("aria-label", stop.words);
    node.classList.toggle("inside", stop.inside);
    node.tabIndex = index === tabStop(stops, selected) ? 0 : -1;
    node.disabled = stop.key === null;
    make("canvas", make("span", node, "picture"));
    make("span", node, "name", stop.name);
    make("span", node, "size", stop.size);
    make("span", node, "sign", stop.sign || NOTHING);
    node.onpointerenter = () => say(index);
    node.onfocus = () => say(index);
    node.onpointerleave = () => say(selected);
    node.onclick = () => { if (stop.key !== null) setTriggerValue("picked", stop.key); };
    return node;
  });
  row.onkeydown = (event) => {
    const from = nodes.findIndex((node) => node === parentElement.activeElement);
    const to = from < 0 ? null : walk(event.key, from, nodes.length);
    if (to === null) return;
    if (!nodes[to].disabled) nodes[to].focus();
    keep(event);
  };

  const arcs = document.createElementNS(SVG, "svg");
  row.append(arcs);
  /** @type {(from: number, to: number, height: number) => void} */
  const join = (from, to, height) => {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", arc(from, to, height));
    arcs.append(path);
  };
  const middles = nodes.map((node) => node.offsetLeft + node.offsetWidth / 2);
  stops.forEach((stop, index) => {
    const here = middles[index];
    for (const jump of stop.jumps) join(middles[jump], here, 26);
    if (stop.branches) join(here - 22, here + 22, 16);
  });

  const dots = screenDots();
  nodes.forEach((node, index) => {
    const [left, width, height] = boxes[index];
    const canvas = find(node, "canvas", HTMLCanvasElement);
    const zoom = wholeFactor(Math.max(width, height), SIDE * dots);
    resize(canvas, width * zoom, height * zoom, dots);
    if (image) enlarge(penOf(canvas), image, [left, 0, width, height], [0, 0, canvas.width, canvas.height]);
  });
  if (image) row.dataset.drawn = data.stamp;
  say(selected);
  const node = nodes[selected];
  if (!node) return;
  scroll.scrollLeft = scrolled(scroll, { left: node.offsetLeft, width: node.offsetWidth });
  if (focused) node.focus({ preventScroll: true });
}
