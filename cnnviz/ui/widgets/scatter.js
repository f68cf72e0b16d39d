import { find, whenResized } from "./browser/elements.js";
import { chooses, direction, keep } from "./browser/keyboard.js";
import { penOf, screenDots } from "./browser/pixels.js";
import { NOTHING, themeOf } from "./browser/theme.js";
import * as geometry from "./scatter_geometry.js";
import { showImage } from "./scatter_image.js";
import { legendButtons, showScale } from "./scatter_legend.js";
import { CROSS, mark } from "./scatter_marks.js";

const NEAR = 18, DRAG = 5, FAINT = 0.14;

/**
 * @typedef {object} Data
 * @property {number[]} xs
 * @property {number[]} ys upwards
 * @property {number[]} colours places in the palette
 * @property {number[]} shapes see scatter_marks.js
 * @property {number[]} groups places in the legend
 * @property {string[]} palette #rrggbb, or "ink": the colour of text
 * @property {[name: string, colour: number, shape: number, count: number][]} entries of the legend
 * @property {[low: string, high: string] | null} scale
 * @property {string[]} words of each point, in lines
 * @property {[x: string, y: string]} axes
 * @property {string[]} sheets addresses of pictures with the points' images
 * @property {[width: number, height: number]} tile of a sheet
 * @property {number} aSheet so many images
 * @property {number} columns of a sheet
 * @property {Box | null} box
 * @property {number} chosen a point, or -1
 * @property {string} alt
 * @property {string} stamp
 */
/** @typedef {import("./scatter_geometry.js").Box} Box */
/** @typedef {import("./scatter_geometry.js").Point} Point */
/** @typedef {import("./scatter_geometry.js").Shape} Shape */
/**
 * What is pointed at, and which class is seen alone: stays while the points do.
 * @typedef {object} View
 * @property {string} stamp
 * @property {number} at a point, or -1
 * @property {number} alone a place in the legend, or -1
 * @property {number} anchor the point from which a box is spanned with Shift, or -1
 * @property {boolean} walking with arrow keys
 * @property {number} wide the plot when it was drawn
 * @property {string | undefined} first the first sheet's address
 * @property {Map<number, HTMLImageElement>} images the sheets that were fetched
 */

/** @type {WeakMap<HTMLCanvasElement, View>} */
const views = new WeakMap();

/** @param {import("./browser/elements.js").Arguments<Data>} component */
export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = find(parentElement, "canvas.map", HTMLCanvasElement);
  const picture = find(parentElement, "canvas.picture", HTMLCanvasElement);
  const [frame, card, words, legend, scale, tip] = [".frame", ".card", ".card .words", ".legend", ".scale", ".tip"].map(
    (selector) => find(parentElement, selector, HTMLElement),
  );
  const theme = themeOf(frame);
  const { xs, ys, colours, shapes, groups, palette, box, chosen, sheets } = data;
  const count = xs.length;
  const last = views.get(canvas);
  /** @type {View} */
  const view = last?.stamp === data.stamp ? last
    : { stamp: data.stamp, at: -1, alone: -1, anchor: -1, walking: false, wide: 0, first: "", images: new Map() };
  view.images = last && last.first === sheets[0] ? last.images : new Map();
  view.first = sheets[0];
  views.set(canvas, view);
  canvas.setAttribute("aria-label", data.alt);
  /** @type {Shape | null} */
  let shape = null;
  /** @type {Point[]} the points in pixels */
  let points = [];
  /** The map without what is pointed at. */
  const base = document.createElement("canvas");
  /** @type {{ from: Point, box: Box | null } | null} */
  let drag = null;

  /** @param {number} place */
  const colourOf = (place) => (palette[place] === "ink" ? theme.text : palette[place] ?? "");
  /** @param {number} index */
  const seen = (index) => view.alone < 0 || groups[index] === view.alone;

  const draw = () => {
    if (!frame.clientWidth) return;
    const dots = screenDots(), { LEFT, BELOW } = geometry, ink = theme.text;
    const made = shape = geometry.layout(xs, ys, frame.clientWidth);
    const { side, w, h } = made, r = geometry.radius(made, count);
    points = xs.map((x, index) => [geometry.across(made, x), geometry.down(made, ys[index])]);
    for (const one of [canvas, base]) one.width = one.height = Math.round(side * dots);
    canvas.style.width = canvas.style.height = side + "px";
    const pen = penOf(base);
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.strokeStyle = theme.border;
    pen.strokeRect(LEFT + 0.5, 0.5, w, h);
    pen.fillStyle = ink;
    pen.font = `12px ${theme.font}`;
    pen.textBaseline = "middle"; pen.textAlign = "center";
    pen.fillText(data.axes[0], LEFT + w / 2, h + BELOW / 2 + 2, w);
    pen.save(); pen.translate(9, h / 2); pen.rotate(-Math.PI / 2); pen.fillText(data.axes[1], 0, 0, h); pen.restore();
    for (const crosses of [false, true]) {
      points.forEach(([x, y], index) => {
        if ((shapes[index] === CROSS) !== crosses) return;
        pen.globalAlpha = seen(index) && (!box || geometry.within(box, [xs[index], ys[index]])) ? 0.9 : FAINT;
        mark(pen, { shape: shapes[index], colour: colourOf(colours[index]), ink }, x, y, r);
      });
    }
    pen.globalAlpha = 1;
    front();
    canvas.dataset.shape = JSON.stringify({ left: LEFT, dots, ...made });
    canvas.dataset.drawn = data.stamp;
  };
  const front = () => {
    if (!shape) return;
    const pen = penOf(canvas), dots = screenDots(), r = geometry.radius(shape, count);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(base, 0, 0);
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    const framed = drag?.box ?? spanned() ?? box;
    if (framed) {
      const [x0, x1, y0, y1] = framed;
      const left = geometry.across(shape, Math.min(x0, x1)), right = geometry.across(shape, Math.max(x0, x1));
      const top = geometry.down(shape, Math.max(y0, y1)), bottom = geometry.down(shape, Math.min(y0, y1));
      pen.lineWidth = 1.5; pen.strokeStyle = theme.primary;
      pen.setLineDash([5, 3]); pen.strokeRect(left, top, right - left, bottom - top); pen.setLineDash([]);
    }
    /** @type {(index: number, colour: string, wide: number) => void} */
    const ring = (index, colour, wide) => {
      const point = points[index];
      if (!point) return;
      pen.beginPath(); pen.arc(...point, r + wide, 0, 7);
      // Over a rim in the colour of the page, so that it is seen among points of its own colour.
      pen.lineWidth = 6; pen.strokeStyle = theme.background; pen.stroke();
      pen.lineWidth = 2.5; pen.strokeStyle = colour; pen.stroke();
    };
    ring(chosen, theme.primary, 4);
    ring(view.at, theme.text, 2.5);
  };
  /** @returns {Box | null} from where Shift was pressed to where one has walked */
  const spanned = () => {
    if (!shape || view.anchor < 0 || view.at < 0) return null;
    return geometry.spanned([xs[view.anchor], ys[view.anchor]], [xs[view.at], ys[view.at]], 3 / shape.factor);
  };

  /** @param {number} index */
  const show = (index) => {
    view.at = index;
    const point = points[index];
    card.hidden = !point;
    tip.textContent = point ? data.words[index].replaceAll("\n", ", ") : NOTHING;
    if (point && shape) {
      words.textContent = data.words[index];
      showImage(picture, data, view.images, index, () => view.at === index);
      const room = { width: frame.clientWidth, height: shape.side };
      const size = { width: card.offsetWidth, height: card.offsetHeight };
      const [left, top] = geometry.cardPlace(point, size, room, geometry.radius(shape, count) + 8);
      card.style.left = left + "px"; card.style.top = top + "px";
    }
    front();
  };

  /** @param {unknown[]} what */
  const pick = (...what) => { view.anchor = -1; setTriggerValue("picked", { of: data.stamp, value: what }); };
  /**
   * @param {MouseEvent} event
   * @returns {Point}
   */
  const pointed = (event) => {
    const rect = canvas.getBoundingClientRect();
    return [event.clientX - rect.left, event.clientY - rect.top];
  };

  canvas.onpointerdown = (event) => {
    if (!shape || event.button) return;
    drag = { from: pointed(event), box: null };
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (!shape) return;
    const at = pointed(event);
    view.walking = false;
    if (!drag) {
      const index = geometry.nearest(points, at, NEAR, seen);
      if (index !== view.at) show(index);
      return;
    }
    const { from } = drag;
    if (!drag.box) {
      if (Math.hypot(at[0] - from[0], at[1] - from[1]) < DRAG) return;
      show(-1);
    }
    drag.box = [geometry.xOf(shape, from[0]), geometry.xOf(shape, at[0]),
      geometry.yOf(shape, from[1]), geometry.yOf(shape, at[1])];
    front();
  };
  canvas.onpointerup = (event) => {
    if (!drag) return;
    const drawn = drag.box;
    drag = null;
    if (drawn) { front(); pick("box", ...drawn); return; }
    const index = geometry.nearest(points, pointed(event), 2 * NEAR, seen);
    if (index >= 0) { show(index); pick("point", index); }
  };
  canvas.onpointercancel = () => { drag = null; front(); };
  canvas.onpointerleave = (event) => {
    // A finger that is lifted has left, too: its card stays until the next touch.
    if (!drag && !view.walking && event.pointerType !== "touch") show(-1);
  };
  canvas.onblur = () => show(-1);
  canvas.onkeydown = (event) => {
    if (!shape) return;
    const way = direction(event.key);
    if (way) {
      const from = view.at >= 0 ? view.at : chosen;
      if (!event.shiftKey) view.anchor = -1;
      else if (view.anchor < 0) view.anchor = from;
      view.walking = true;
      show(from < 0 ? geometry.nearest(points, [geometry.LEFT + shape.w / 2, shape.h / 2], Infinity, seen)
        : geometry.neighbour(points, from, [way[1], way[0]], seen));
    } else if (chooses(event.key) && view.at >= 0) {
      const around = spanned();
      if (around) pick("box", ...around);
      else pick("point", view.at);
    } else if (event.key === "Escape") {
      if (view.anchor >= 0) { view.anchor = -1; front(); } else pick("nothing");
    } else return;
    keep(event);
  };

  const all = () => {
    view.wide = frame.clientWidth;
    legend.replaceChildren(...legendButtons(data.entries, colourOf, theme.text, view, draw));
    showScale(scale, data.scale, palette);
    draw();
    show(view.at);
  };
  all();
  return whenResized(frame, () => { if (frame.clientWidth !== view.wide) all(); });
}
