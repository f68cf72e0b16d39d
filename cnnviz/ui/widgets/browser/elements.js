/**
 * What Streamlit calls a component's script with, each time its data changes.
 * @template Data
 * @typedef {object} Arguments
 * @property {Data} data
 * @property {ShadowRoot} parentElement
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/**
 * The element that the component's markup is known to have.
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 */
export function find(root, selector, kind) {
  const element = root.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`No ${selector} in this component.`);
  return element;
}

/**
 * A new element, the last one in `parent`.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {ParentNode} parent
 * @param {string} [className]
 * @param {string} [text]
 */
export function make(name, parent, className = "", text = "") {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  parent.append(element);
  return element;
}

/** @type {WeakMap<Element, ResizeObserver>} */
const observers = new WeakMap();

/**
 * Call `draw` when the size of `element` changes, and no longer what was to be called until now: Streamlit runs a
 * script again for new data, and takes its leave of the last run alone. Gives what ends it.
 * @param {Element} element
 * @param {() => void} draw
 */
export function whenResized(element, draw) {
  observers.get(element)?.disconnect();
  const observer = new ResizeObserver(draw);
  observers.set(element, observer);
  observer.observe(element);
  return () => observer.disconnect();
}
