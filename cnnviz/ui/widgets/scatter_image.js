import { enlarge, penOf, resize, screenDots, wholeFactor } from "./browser/pixels.js";

const SIDE = 96;

/**
 * Where the images of the points are: on sheets of `aSheet`, in `columns`, with tiles of one size.
 * @typedef {object} Sheets
 * @property {string[]} sheets their addresses
 * @property {[width: number, height: number]} tile
 * @property {number} aSheet
 * @property {number} columns
 */

/**
 * Draw the image of a point, once its sheet is here, if it is `wanted` still.
 * @param {HTMLCanvasElement} canvas
 * @param {Sheets} where
 * @param {Map<number, HTMLImageElement>} fetched sheets by number
 * @param {number} index
 * @param {() => boolean} wanted
 */
export function showImage(canvas, { sheets, tile, aSheet, columns }, fetched, index, wanted) {
  const sheet = Math.floor(index / aSheet), place = index % aSheet;
  if (!sheets.length) { canvas.style.display = "none"; return; }
  const dots = screenDots(), zoom = wholeFactor(Math.max(...tile), SIDE * dots);
  resize(canvas, tile[0] * zoom, tile[1] * zoom, dots);
  const image = fetched.get(sheet) ?? new Image();
  if (!fetched.has(sheet)) image.src = new URL("." + sheets[sheet], document.baseURI).href;
  fetched.set(sheet, image);
  const copy = () => {
    if (!wanted()) return;
    const left = (place % columns) * tile[0], top = Math.floor(place / columns) * tile[1];
    enlarge(penOf(canvas), image, [left, top, ...tile], [0, 0, canvas.width, canvas.height]);
    canvas.dataset.drawn = String(index);
  };
  if (image.complete && image.naturalWidth) copy();
  else image.addEventListener("load", copy, { once: true });
}
