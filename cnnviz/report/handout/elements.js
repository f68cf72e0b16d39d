/** @param {string} id */
export function textOf(id) {
  return element(id).textContent ?? "";
}

/** @param {string} id @returns {HTMLElement} */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`There is no ${id} on this page.`);
  return found;
}

/** @param {string} text in base64 */
export function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [text]
 */
export function made(tag, text = "") {
  const found = document.createElement(tag);
  found.textContent = text;
  return found;
}
