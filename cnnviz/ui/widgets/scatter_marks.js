// The marks of a scatter plot, as `render.marks` numbers their shapes.
const DISC = 0, RING = 1, TRIANGLE = 2, SQUARE = 3;

/** The mark of a wrong one: on top of the others. */
export const CROSS = 4;

/**
 * @param {CanvasRenderingContext2D} pen
 * @param {number} shape
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
function trace(pen, shape, x, y, r) {
  pen.beginPath();
  if (shape === DISC) pen.arc(x, y, r, 0, 7);
  else if (shape === RING) pen.arc(x, y, r - 0.5, 0, 7);
  else if (shape === TRIANGLE) {
    pen.moveTo(x, y - r * 1.2); pen.lineTo(x + r * 1.1, y + r * 0.8); pen.lineTo(x - r * 1.1, y + r * 0.8);
    pen.closePath();
  } else if (shape === SQUARE) pen.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
  else { pen.moveTo(x - r, y - r); pen.lineTo(x + r, y + r); pen.moveTo(x - r, y + r); pen.lineTo(x + r, y - r); }
}

/**
 * Draw a mark. A rim in `ink`, darker or lighter, keeps yellow on white and violet on black in sight.
 * @param {CanvasRenderingContext2D} pen
 * @param {{ shape: number, colour: string, ink: string }} look
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
export function mark(pen, { shape, colour, ink }, x, y, r) {
  const crossed = shape === CROSS;
  trace(pen, shape, x, y, crossed ? r + 0.5 : r);
  if (crossed || shape === RING) {
    pen.strokeStyle = ink;
    pen.lineWidth = crossed ? 3.4 : 2.8; pen.globalAlpha *= 0.3; pen.stroke(); pen.globalAlpha /= 0.3;
    pen.strokeStyle = colour; pen.lineWidth = crossed ? 2 : 1.6; pen.stroke();
  } else {
    pen.fillStyle = colour; pen.fill();
    pen.strokeStyle = ink; pen.lineWidth = 0.6; pen.globalAlpha *= 0.45; pen.stroke(); pen.globalAlpha /= 0.45;
  }
}
