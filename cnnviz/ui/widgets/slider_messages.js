// What sliders say while they move, and what they hear: one message on its way, never a queue, and the last movement
// never lost.

/**
 * @typedef {object} Conversation
 * @property {number} edition of the values that the sliders were last put to; what is said of an earlier one is dropped
 * @property {number} sent the number of the last message
 * @property {{ rested: boolean } | null} waiting for the answer to this message
 * @property {boolean} moved since the last message
 * @property {boolean} rested, which has not been said yet
 */

/** @typedef {{ serial: number, edition: number, rested: boolean }} Message */

/**
 * @param {number} edition
 * @returns {Conversation}
 */
export const begin = (edition) => ({ edition, sent: 0, waiting: null, moved: false, rested: false });

/**
 * A slider has moved.
 * @param {Conversation} talk
 * @returns {Conversation}
 */
export const move = (talk) => ({ ...talk, moved: true, rested: false });

/**
 * The sliders have come to rest.
 * @param {Conversation} talk
 * @returns {Conversation}
 */
export const rest = (talk) => ({ ...talk, rested: true });

/**
 * What is to be sent now, if anything is.
 * @param {Conversation} talk
 * @returns {[Conversation, Message | null]}
 */
export function next(talk) {
  if (talk.waiting || !(talk.moved || talk.rested)) return [talk, null];
  const { edition, rested } = talk, serial = talk.sent + 1;
  return [{ edition, sent: serial, waiting: { rested }, moved: false, rested: false }, { serial, edition, rested }];
}

/**
 * The page was drawn: it knows the messages up to `serial`. Says whether the sliders take the values that came along:
 * not while they have something to say, unless they were put to them.
 * @param {Conversation} talk
 * @param {{ serial: number, edition: number }} answer
 * @returns {[Conversation, take: boolean]}
 */
export function hear(talk, { serial, edition }) {
  const sent = Math.max(serial, talk.sent);
  if (edition !== talk.edition) return [{ ...begin(edition), sent }, true];
  if (serial < talk.sent) return [talk, false];
  return [{ ...talk, sent, waiting: null }, !(talk.moved || talk.rested)];
}

/**
 * No answer came: the message was dropped on its way, as when a run of the whole page overtook it. It is said again.
 * @param {Conversation} talk
 * @returns {Conversation}
 */
export function giveUp(talk) {
  if (!talk.waiting) return talk;
  return { ...talk, waiting: null, moved: true, rested: talk.rested || (talk.waiting.rested && !talk.moved) };
}

/**
 * A slider's value in words.
 * @param {number} value
 * @param {string} unit
 */
export function inWords(value, unit) {
  const number = String(+value.toFixed(3)).replace("-", "\u2212");
  return number + (unit === "" || unit === "°" ? unit : " " + unit);
}
