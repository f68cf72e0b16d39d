import { find } from "./browser/elements.js";
import { penOf, resize, screenDots } from "./browser/pixels.js";
import { mark } from "./scatter_marks.js";

const SIDE = 14;

/**
 * A button an entry: choosing it shows its points alone, choosing it again shows all.
 * @param {[name: string, colour: number, shape: number, count: number][]} entries
 * @param {(place: number) => string} colourOf
 * @param {string} ink
 * @param {{ alone: number }} view which entry is seen alone, or -1
 * @param {() => void} draw
 */
export function legendButtons(entries, colourOf, ink, view, draw) {
  const buttons = entries.map(([name, colour, shape, number], place) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(swatch({ shape, colour: colourOf(colour), ink }), `${name} (${number.toLocaleString("en")})`);
    button.onclick = () => {
      view.alone = view.alone === place ? -1 : place;
      press();
      draw();
    };
    return button;
  });
  const press = () =>
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(view.alone === place)));
  press();
  return buttons;
}

/** @param {{ shape: number, colour: string, ink: string }} look */
function swatch(look) {
  const canvas = document.createElement("canvas"), dots = screenDots(), pen = penOf(canvas);
  resize(canvas, SIDE * dots, SIDE * dots, dots);
  pen.setTransform(dots, 0, 0, dots, 0, 0);
  mark(pen, look, SIDE / 2, SIDE / 2, 4);
  return canvas;
}

/**
 * The scale of colours that stand for a quantity, if they do.
 * @param {HTMLElement} scale
 * @param {[low: string, high: string] | null} ends
 * @param {string[]} palette
 */
export function showScale(scale, ends, palette) {
  scale.hidden = !ends;
  if (!ends) return;
  find(scale, ".low", HTMLElement).textContent = ends[0];
  find(scale, ".high", HTMLElement).textContent = ends[1];
  find(scale, ".colours", HTMLElement).style.background = `linear-gradient(to right, ${palette.join(",")})`;
}
