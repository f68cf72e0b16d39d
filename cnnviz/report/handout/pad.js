import { penOf } from "./pen.js";

/**
 * Have a canvas drawn on in white; what is drawn is handed on whenever the pen is lifted.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} clear wipes it
 * @param {(picture: HTMLCanvasElement, width: number, height: number) => void} then
 */
export function pad(canvas, clear, then) {
  const ink = penOf(canvas);
  /** @type {[number, number] | null} */
  let from = null;

  /** @param {PointerEvent} event @returns {[number, number]} */
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    const across = canvas.width / box.width, down = canvas.height / box.height;
    return [(event.clientX - box.left) * across, (event.clientY - box.top) * down];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    from = place(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const to = place(event);
    ink.strokeStyle = "#fff";
    ink.lineCap = "round";
    ink.lineWidth = canvas.width / 12;
    ink.beginPath();
    ink.moveTo(...from);
    ink.lineTo(...to);
    ink.stroke();
    from = to;
  });
  canvas.addEventListener("pointerup", () => {
    from = null;
    then(canvas, canvas.width, canvas.height);
  });
  const wipe = () => ink.fillRect(0, 0, canvas.width, canvas.height);
  clear.addEventListener("click", wipe);
  wipe();
}
