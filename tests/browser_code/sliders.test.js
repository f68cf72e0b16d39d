import assert from "node:assert/strict";
import { test } from "node:test";

import { begin, giveUp, hear, inWords, move, next, rest } from "../../cnnviz/ui/widgets/slider_messages.js";

/** @typedef {import("../../cnnviz/ui/widgets/slider_messages.js").Conversation} Conversation */

/** @param {Conversation} talk */
function sent(talk) {
  const [after, message] = next(talk);
  assert.ok(message);
  return { talk: after, message };
}

test("a movement is sent at once, further ones wait for the answer and become one", () => {
  const first = sent(move(begin(0)));
  assert.deepEqual(first.message, { serial: 1, edition: 0, rested: false });
  const waiting = move(move(first.talk));
  assert.equal(next(waiting)[1], null);
  const [heard, take] = hear(waiting, { serial: 1, edition: 0 });
  assert.equal(take, false);
  assert.equal(sent(heard).message.serial, 2);
});

test("the last answer puts the sliders to its values", () => {
  const [, take] = hear(sent(move(begin(0))).talk, { serial: 1, edition: 0 });
  assert.equal(take, true);
});

test("a run of the page that does not know the last message leaves the sliders where they are", () => {
  const { talk } = sent(move(begin(0)));
  const [after, take] = hear(talk, { serial: 0, edition: 0 });
  assert.deepEqual([after, take], [talk, false]);
});

test("that they rest is said once, and not while they move again", () => {
  const first = sent(move(begin(0)));
  const [heard] = hear(rest(first.talk), { serial: 1, edition: 0 });
  const second = sent(heard);
  assert.equal(second.message.rested, true);
  assert.equal(next(hear(second.talk, { serial: 2, edition: 0 })[0])[1], null);
  assert.equal(sent(move(rest(begin(0)))).message.rested, false);
});

test("sliders that are put to values forget what they had to say, and take them at once", () => {
  const { talk } = sent(move(begin(0)));
  const [after, take] = hear(rest(move(talk)), { serial: 0, edition: 1 });
  assert.equal(take, true);
  assert.equal(next(after)[1], null);
  // The answer to what was on its way comes late: it is of no use to anybody.
  const later = sent(move(after));
  assert.deepEqual(later.message, { serial: 2, edition: 1, rested: false });
  assert.deepEqual(hear(later.talk, { serial: 1, edition: 1 }), [later.talk, false]);
});

test("a message that got lost is said again", () => {
  const first = sent(rest(begin(0)));
  assert.deepEqual(sent(giveUp(first.talk)).message, { serial: 2, edition: 0, rested: true });
  const moved = sent(giveUp(move(first.talk)));
  assert.equal(moved.message.rested, false);
  assert.deepEqual(giveUp(begin(0)), begin(0));
});

test("sliders on a new page go on from the number that the app knows", () => {
  const [talk, take] = hear(begin(3), { serial: 7, edition: 3 });
  assert.equal(take, true);
  assert.equal(sent(move(talk)).message.serial, 8);
});

test("in whatever order things happen, the last movement is heard of, and no old one after a reset", () => {
  for (let seed = 1; seed <= 400; seed++) {
    let state = seed;
    /** @param {number} most */
    const draw = (most) => (state = (state * 48271) % 2147483647) % most;
    // The app, as live_sliders.py: it drops what was said of an earlier edition.
    const app = { value: 0, serial: 0, edition: 0 };
    let value = 0, talk = begin(0);
    /** @type {{ serial: number, edition: number, value: number }[]} */
    let toApp = [];
    /** @type {(typeof app)[]} */
    let toBrowser = [];
    const send = () => {
      const [after, message] = next(talk);
      talk = after;
      if (message) toApp.push({ ...message, value });
    };
    const answers = () => {
      const message = toApp.shift();
      if (message) {
        app.serial = message.serial;
        if (message.edition === app.edition) app.value = message.value;
        toBrowser.push({ ...app });
      }
    };
    const draws = () => {
      const data = toBrowser.shift();
      if (!data) return;
      const [after, take] = hear(talk, data);
      talk = after;
      if (take) value = data.value;
      send();
    };
    for (let step = 0; step < 60; step++) {
      const what = draw(12);
      if (what < 4) { value = 1 + draw(99); talk = move(talk); send(); }
      else if (what < 5) { talk = rest(talk); send(); }
      else if (what < 8) answers();
      else if (what < 10) draws();
      else if (what < 11) { app.value = 0; app.edition++; toBrowser.push({ ...app }); }
      else { toApp = []; toBrowser.push({ ...app }); }
    }
    for (let round = 0; round < 20; round++) {
      while (toApp.length || toBrowser.length) { answers(); draws(); }
      talk = giveUp(talk);
      send();
    }
    assert.equal(app.value, value, `seed ${seed}`);
    assert.equal(talk.edition, app.edition);
  }
});

test("values are said with their unit, and a true minus", () => {
  assert.deepEqual([inWords(-45, "°"), inWords(2.5, "px"), inWords(0.30000000000000004, "")], ["\u221245°", "2.5 px", "0.3"]);
});
