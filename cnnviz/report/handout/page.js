import { bytes, element, made, textOf } from "./elements.js";
import { channelAt, corner, layout, pixels, scaleOf, size, written } from "./maps.js";
import { normalised, run, softmax, weightsOf, widened } from "./network.js";
import { pad } from "./pad.js";
import { penOf } from "./pen.js";

/**
 * @typedef {import("./operations.js").Tensor} Tensor
 * @typedef {{name: string, kind: string}} Layer
 * @typedef {{graph: import("./network.js").Graph, half: boolean, classes: string[], mean: number[], std: number[],
 *   layers: Layer[], pictures: {title: string, png: string}[], unsigned: string, signed: string}} Content
 */

/** @type {Content} */
const content = JSON.parse(textOf("content"));
const [, channels, height, width] = content.graph.shape;
const stored = bytes(textOf("weights")).buffer;
const weights = weightsOf(content.graph, content.half ? widened(new Uint16Array(stored)) : new Float32Array(stored));
const colours = { unsigned: bytes(content.unsigned), signed: bytes(content.signed) };
/** @type {(Tensor | null)[]} */
let outputs = [];
/** @type {{layer: number, channel: number} | null} */
let chosen = null;
let asked = 0;

/** Mark the picture that is looked at; none for one of the reader's own. @param {Element | null} [button] */
function press(button = null) {
  for (const one of element("pictures").children) one.setAttribute("aria-pressed", String(one === button));
}

/** What the network reads: a canvas of its size. */
const fed = /** @type {HTMLCanvasElement} */ (element("fed"));
fed.width = width;
fed.height = height;

/** @param {CanvasImageSource} source @param {number} wide @param {number} high */
function feed(source, wide, high) {
  const pen = penOf(fed);
  const side = Math.min(wide / width, high / height);
  pen.imageSmoothingEnabled = wide !== width || high !== height;
  pen.imageSmoothingQuality = "high";
  pen.fillRect(0, 0, width, height);
  const part = [(wide - side * width) / 2, (high - side * height) / 2, side * width, side * height];
  press();
  pen.drawImage(source, part[0], part[1], part[2], part[3], 0, 0, width, height);
  void look();
}

/** Work out all layers, and give the page time to show them between. */
async function look() {
  const own = ++asked;
  const image = penOf(fed).getImageData(0, 0, width, height).data;
  if (channels === 1) {
    for (let at = 0; at < image.length; at += 4) {
      image[at] = Math.round(0.299 * image[at] + 0.587 * image[at + 1] + 0.114 * image[at + 2]);
    }
  }
  document.body.dataset.ready = "";
  const found = /** @type {(Tensor | null)[]} */ (content.layers.map(() => null));
  const work = run(content.graph, weights, normalised(image, channels, content.mean, content.std));
  let step = work.next();
  let rest = performance.now();
  while (!step.done) {
    for (const layer of step.value.layers) found[layer] = step.value.tensor;
    if (performance.now() - rest > 30) {
      await new Promise((then) => setTimeout(then));
      if (own !== asked) return; // another picture was chosen
      rest = performance.now();
    }
    step = work.next();
  }
  outputs = found;
  predict(step.value.data);
  for (const at of content.layers.keys()) draw(at);
  detail();
  document.body.dataset.ready = "yes";
}

/** @param {Float32Array} logits */
function predict(logits) {
  const shares = softmax(logits);
  const order = [...shares.keys()].sort((a, b) => shares[b] - shares[a]).slice(0, 5);
  element("prediction").replaceChildren(...order.map((at) => {
    const line = made("li"), bar = made("meter");
    bar.value = shares[at];
    line.append(made("span", content.classes[at]), bar, made("span", `${(100 * shares[at]).toFixed(1)} %`));
    return line;
  }));
  element("logits").textContent = JSON.stringify([...logits]);
}

/** @param {Tensor} tensor */
const laid = (tensor) => layout(tensor.shape, Math.max(200, element("layers").clientWidth - 4));

/** @param {number} at */
function draw(at) {
  const tensor = outputs[at];
  const canvas = /** @type {HTMLCanvasElement} */ (element(`layer-${at}`));
  if (!tensor) return;
  const of = laid(tensor), scale = scaleOf(tensor.data), whole = size(of);
  canvas.width = whole.width;
  canvas.height = whole.height;
  const pen = penOf(canvas);
  for (let channel = 0; channel < of.channels; channel++) {
    const [left, top] = corner(of, channel);
    picture(pen, tensor, channel, scale, left, top, of.factor);
  }
  if (chosen && chosen.layer === at) {
    const [left, top] = corner(of, chosen.channel);
    pen.strokeStyle = "#e69f00";
    pen.lineWidth = 2;
    pen.strokeRect(left + 1, top + 1, of.width * of.factor - 2, of.height * of.factor - 2);
  }
  const { name, kind } = content.layers[at];
  const range = `${written(scale.low)} to ${written(scale.high)}${scale.signed ? ", zero in the middle" : ""}`;
  element(`range-${at}`).textContent = `${kind}, ${tensor.shape.slice(1).join(" × ")}, ${range}`;
  canvas.setAttribute("aria-label", `${name}: ${of.channels} maps, ${range}. Arrow keys and Enter choose one.`);
}

/**
 * One map, each value a square.
 * @param {CanvasRenderingContext2D} pen
 * @param {Tensor} tensor
 * @param {number} channel
 * @param {import("./maps.js").Scale} scale
 * @param {number} left
 * @param {number} top
 * @param {number} factor
 */
function picture(pen, tensor, channel, scale, left, top, factor) {
  const [, , high = 1, wide = 1] = tensor.shape;
  const values = tensor.data.subarray(channel * high * wide, (channel + 1) * high * wide);
  const small = new OffscreenCanvas(wide, high);
  const table = scale.signed ? colours.signed : colours.unsigned;
  small.getContext("2d")?.putImageData(new ImageData(pixels(values, scale, table), wide, high), 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, left, top, wide * factor, high * factor);
}

/** The chosen channel, large. */
function detail() {
  const place = element("channel");
  const tensor = chosen && outputs[chosen.layer];
  place.hidden = !tensor;
  if (!chosen || !tensor) return;
  const [, count, high = 1, wide = 1] = tensor.shape;
  const values = tensor.data.subarray(chosen.channel * high * wide, (chosen.channel + 1) * high * wide);
  const canvas = /** @type {HTMLCanvasElement} */ (element("large"));
  const factor = Math.max(1, Math.floor(224 / Math.max(high, wide)));
  canvas.width = wide * factor;
  canvas.height = high * factor;
  picture(penOf(canvas), tensor, chosen.channel, scaleOf(tensor.data), 0, 0, factor);
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const words = high * wide === 1 ? written(values[0])
    : `${written(Math.min(...values))} to ${written(Math.max(...values))}, mean ${written(mean)}`;
  element("which").textContent = `${content.layers[chosen.layer].name}, channel ${chosen.channel} of ${count}`;
  element("values").textContent = words;
  canvas.setAttribute("aria-label", `${element("which").textContent}: ${words}`);
}

/** @param {number} layer @param {number} channel */
function choose(layer, channel) {
  const before = chosen;
  chosen = { layer, channel };
  if (before && before.layer !== layer) draw(before.layer);
  draw(layer);
  detail();
}

/** @param {Layer} layer @param {number} at */
function row(layer, at) {
  const found = made("section"), canvas = made("canvas"), range = made("p");
  canvas.id = `layer-${at}`;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  range.id = `range-${at}`;
  range.className = "soft";
  found.append(made("h3", layer.name), range, canvas);
  const spot = () => laid(/** @type {Tensor} */ (outputs[at]));
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect(), zoom = canvas.width / box.width;
    const channel = channelAt(spot(), (event.clientX - box.left) * zoom, (event.clientY - box.top) * zoom);
    if (channel !== null) choose(at, channel);
  });
  canvas.addEventListener("keydown", (event) => {
    const { columns, channels: all } = spot();
    const now = chosen && chosen.layer === at ? chosen.channel : -1;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Enter: 0 };
    const by = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (by === undefined) return;
    event.preventDefault();
    choose(at, Math.min(all - 1, Math.max(0, now < 0 ? 0 : now + by)));
  });
  return found;
}

element("layers").append(...content.layers.map(row));
element("pictures").append(...content.pictures.map(({ title, png }) => {
  const button = made("button"), image = new Image();
  image.src = `data:image/png;base64,${png}`;
  image.alt = title;
  button.append(image);
  button.addEventListener("click", () => {
    feed(image, image.naturalWidth, image.naturalHeight);
    press(button);
  });
  return button;
}));
element("file").addEventListener("change", async (event) => {
  const [file] = /** @type {HTMLInputElement} */ (event.target).files ?? [];
  if (!file) return;
  try {
    const picked = await createImageBitmap(file);
    element("refused").textContent = "";
    feed(picked, picked.width, picked.height);
  } catch {
    element("refused").textContent = `${file.name} is no picture that this browser reads: choose a PNG or JPEG.`;
  }
});

pad(/** @type {HTMLCanvasElement} */ (element("pad")), element("clear"), feed);
element("drawing").hidden = channels !== 1;

const first = element("pictures").querySelector("button");
if (first) void first.querySelector("img")?.decode().then(() => first.click());
addEventListener("resize", () => content.layers.forEach((_, at) => draw(at)));
