/** Screen pixels to a CSS pixel. */
export const screenDots = () => window.devicePixelRatio || 1;

/**
 * The largest whole factor by which `size` fits into `room`, at least 1: no pixel is a mixture of two values.
 * @param {number} size
 * @param {number} room
 */
export const wholeFactor = (size, room) => Math.max(1, Math.floor(room / size));

/**
 * A canvas's pen.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
export function penOf(canvas, settings) {
  const pen = canvas.getContext("2d", settings);
  if (!pen) throw new Error("This browser has no canvas.");
  return pen;
}

/**
 * Give a canvas a size in screen pixels, and on the page the one at which a screen pixel is one of its own.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {number} dots
 */
export function resize(canvas, width, height, dots) {
  canvas.width = width;
  canvas.height = height;
  canvas.style.width = canvas.width / dots + "px";
  canvas.style.height = canvas.height / dots + "px";
}

/**
 * Copy a part of a picture without blurring it.
 * @param {CanvasRenderingContext2D} pen
 * @param {CanvasImageSource} picture
 * @param {readonly [number, number, number, number]} from left, top, width, height in the picture
 * @param {readonly [number, number, number, number]} to the same on the canvas
 */
export function enlarge(pen, picture, [left, top, width, height], to) {
  pen.imageSmoothingEnabled = false;
  pen.drawImage(picture, left, top, width, height, ...to);
}

/**
 * Decode a PNG.
 * @param {string} png in base64
 * @param {() => void} then
 * @param {HTMLImageElement} [into]
 */
export function decode(png, then, into = new Image()) {
  into.onload = then;
  into.src = "data:image/png;base64," + png;
  return into;
}
