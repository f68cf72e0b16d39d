/**
 * The colours and the font of the page around an element, as they are when they are read.
 * @param {Element} element
 */
export function themeOf(element) {
  const style = getComputedStyle(element);
  /** @param {string} name */
  const of = (name) => style.getPropertyValue(`--st-${name}`);
  return {
    get text() { return of("text-color"); },
    get background() { return of("background-color"); },
    get quiet() { return of("secondary-background-color"); },
    get border() { return of("border-color"); },
    get primary() { return of("primary-color"); },
    get font() { return of("font"); },
  };
}

/** @typedef {ReturnType<typeof themeOf>} Theme */

/** What stands in a line that says nothing, so that it keeps its height. */
export const NOTHING = "\u00a0";
