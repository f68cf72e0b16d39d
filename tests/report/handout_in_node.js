/** Works a page's network out without a browser: `node handout_in_node.js PAGE IMAGE` prints all layers and the logits. */
import { readFileSync } from "node:fs";
import { run, weightsOf, widened } from "../../cnnviz/report/handout/network.js";

const [, , page, image] = process.argv;
const text = readFileSync(page, "utf8");
/** @param {string} id */
const block = (id) => /** @type {string[]} */ (text.match(new RegExp(`id="${id}">([^<]*)<`)))[1];
const { graph, half } = JSON.parse(block("content"));
const weights = Uint8Array.from(Buffer.from(block("weights"), "base64"));
const numbers = half ? widened(new Uint16Array(weights.buffer)) : new Float32Array(weights.buffer);
const work = run(graph, weightsOf(graph, numbers),
  Float32Array.from(JSON.parse(readFileSync(image, "utf8"))));
/** @type {Record<number, number[]>} */
const layers = {};
let step = work.next();
while (!step.done) {
  for (const layer of step.value.layers) layers[layer] = [...step.value.tensor.data];
  step = work.next();
}
console.log(JSON.stringify({ layers, logits: [...step.value.data] }));
