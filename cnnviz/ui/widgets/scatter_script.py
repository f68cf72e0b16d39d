"""What the browser does for `scatter`."""

HTML = """
<div class="frame">
  <div class="legend" role="group" aria-label="Legend: choose an entry to see it alone"></div>
  <div class="scale" hidden><span class="low"></span><span class="colours"></span><span class="high"></span></div>
  <div class="plot"><canvas class="map" tabindex="0" role="img"></canvas>
    <div class="card" hidden><canvas class="picture"></canvas><div class="words"></div></div></div>
  <div class="tip" aria-live="polite"></div>
</div>
"""
CSS = """
.frame { position: relative; width: 100%; font: 0.8rem/1.3rem var(--st-font); color: var(--st-text-color); }
.plot { position: relative; line-height: 0; }
canvas.map { display: block; cursor: crosshair; outline-offset: -2px; touch-action: none; }
canvas.map:focus-visible { outline: 2px solid var(--st-primary-color); }
.card { position: absolute; pointer-events: none; z-index: 2; display: flex; gap: 0.5rem; padding: 0.4rem;
        align-items: flex-start;
        background: var(--st-background-color); border: 1px solid var(--st-border-color); line-height: 1.2rem;
        border-radius: 4px; white-space: pre; width: max-content; }
.card[hidden], .scale[hidden] { display: none; }
canvas.picture { image-rendering: pixelated; flex: none; }
.legend { display: flex; flex-wrap: wrap; gap: 0.1rem 0.2rem; padding-bottom: 0.3rem; }
.legend:empty { display: none; }
.legend button { all: unset; display: inline-flex; align-items: center; gap: 0.3rem; padding: 0.1rem 0.4rem;
                 cursor: pointer; border-radius: 4px; border: 1px solid transparent; }
.legend button:hover { background: var(--st-secondary-background-color); }
.legend button[aria-pressed=true] { border-color: var(--st-primary-color); }
.legend button:focus-visible { outline: 2px solid var(--st-primary-color); }
.scale { display: flex; align-items: center; gap: 0.5rem; padding-bottom: 0.3rem; }
.colours { flex: 1; max-width: 16rem; height: 0.7rem; }
.tip { opacity: 0.75; min-height: 1.3rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
"""
JS = """
const TALLEST = 620, LEFT = 22, BELOW = 22, PAD = 10, NEAR = 18, FAINT = 0.14, PICTURE = 96;
const DISC = 0, RING = 1, TRIANGLE = 2, SQUARE = 3, CROSS = 4;
export default function ({ data, parentElement, setTriggerValue }) {
  const find = (what) => parentElement.querySelector(what);
  const canvas = find("canvas.map"), frame = find(".frame"), card = find(".card"), picture = find("canvas.picture");
  const words = find(".card .words"), legend = find(".legend"), scale = find(".scale"), tip = find(".tip");
  const style = getComputedStyle(frame);
  const { xs, ys, colours, shapes, groups, palette, entries, axes, box, chosen, sheets, tile, aSheet, columns } = data;
  const count = xs.length;
  // What is pointed at and which class is seen alone stay while the points do.
  const kept = canvas.kept?.stamp === data.stamp ? canvas.kept : { stamp: data.stamp, at: -1, alone: -1, anchor: -1 };
  kept.images = canvas.kept?.first === sheets[0] ? canvas.kept.images : {};
  kept.first = sheets[0];
  canvas.kept = kept;
  canvas.setAttribute("aria-label", data.alt);
  let shape = null, base = null, drag = null;

  const bounds = [xs, ys].map((values) => {
    let low = Infinity, high = -Infinity;
    for (const value of values) { if (value < low) low = value; if (value > high) high = value; }
    return [low, high];
  });
  const layout = () => {
    const dots = window.devicePixelRatio || 1, width = frame.clientWidth;
    const side = Math.min(width, TALLEST), w = side - LEFT - 1, h = side - BELOW - 1;
    const [[left, right], [low, high]] = bounds;
    // One scale for both axes: a map that is stretched has other neighbours.
    const factor = Math.min((w - 2 * PAD) / (right - left || 1), (h - 2 * PAD) / (high - low || 1));
    return { dots, side, w, h, factor, middle: [(left + right) / 2, (low + high) / 2] };
  };
  const across = (x) => LEFT + shape.w / 2 + (x - shape.middle[0]) * shape.factor;
  const down = (y) => shape.h / 2 - (y - shape.middle[1]) * shape.factor;
  const xOf = (px) => (px - LEFT - shape.w / 2) / shape.factor + shape.middle[0];
  const yOf = (px) => (shape.h / 2 - px) / shape.factor + shape.middle[1];
  const ink = () => style.getPropertyValue("--st-text-color");
  const colourOf = (number) => palette[number] === "ink" ? ink() : palette[number];

  const trace = (pen, what, x, y, r) => {
    pen.beginPath();
    if (what === DISC) pen.arc(x, y, r, 0, 7);
    else if (what === RING) pen.arc(x, y, r - 0.5, 0, 7);
    else if (what === TRIANGLE) {
      pen.moveTo(x, y - r * 1.2); pen.lineTo(x + r * 1.1, y + r * 0.8); pen.lineTo(x - r * 1.1, y + r * 0.8);
      pen.closePath();
    } else if (what === SQUARE) pen.rect(x - r * 0.9, y - r * 0.9, r * 1.8, r * 1.8);
    else { pen.moveTo(x - r, y - r); pen.lineTo(x + r, y + r); pen.moveTo(x - r, y + r); pen.lineTo(x + r, y - r); }
  };
  const mark = (pen, what, colour, x, y, r) => {
    trace(pen, what, x, y, what === CROSS ? r + 0.5 : r);
    if (what === CROSS || what === RING) {
      // A darker or lighter rim keeps yellow on white and violet on black in sight.
      pen.strokeStyle = ink();
      pen.lineWidth = what === CROSS ? 3.4 : 2.8; pen.globalAlpha *= 0.3; pen.stroke(); pen.globalAlpha /= 0.3;
      pen.strokeStyle = colour; pen.lineWidth = what === CROSS ? 2 : 1.6; pen.stroke();
    } else {
      pen.fillStyle = colour; pen.fill();
      pen.strokeStyle = ink(); pen.lineWidth = 0.6; pen.globalAlpha *= 0.45; pen.stroke(); pen.globalAlpha /= 0.45;
    }
  };
  const seen = (index) => kept.alone < 0 || groups[index] === kept.alone;
  const within = (index) => !box || (xs[index] >= box[0] && xs[index] <= box[1]
                                     && ys[index] >= box[2] && ys[index] <= box[3]);
  const radius = () => Math.max(2, Math.min(4.5, (shape.side / 620) * (count > 4000 ? 2.4 : count > 1000 ? 3.2 : 4)));

  const draw = () => {
    if (!frame.clientWidth) return;
    shape = layout();
    const { dots, side, w, h } = shape, r = radius();
    for (const one of [canvas, (base = document.createElement("canvas"))]) {
      one.width = Math.round(side * dots); one.height = Math.round(side * dots);
    }
    canvas.style.width = canvas.style.height = side + "px";
    const pen = base.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.strokeStyle = style.getPropertyValue("--st-border-color");
    pen.strokeRect(LEFT + 0.5, 0.5, w, h);
    pen.fillStyle = ink();
    pen.font = `12px ${style.getPropertyValue("--st-font")}`;
    pen.textBaseline = "middle"; pen.textAlign = "center";
    pen.fillText(axes[0], LEFT + w / 2, h + BELOW / 2 + 2, w);
    pen.save(); pen.translate(9, h / 2); pen.rotate(-Math.PI / 2); pen.fillText(axes[1], 0, 0, h); pen.restore();
    for (const crosses of [false, true]) {
      for (let index = 0; index < count; index++) {
        if ((shapes[index] === CROSS) !== crosses) continue;
        pen.globalAlpha = seen(index) && within(index) ? 0.9 : FAINT;
        mark(pen, shapes[index], colourOf(colours[index]), across(xs[index]), down(ys[index]), r);
      }
    }
    pen.globalAlpha = 1;
    front();
    canvas.dataset.shape = JSON.stringify({ left: LEFT, ...shape });
    canvas.dataset.drawn = data.stamp;
  };
  const frameBox = (pen, [x0, x1, y0, y1]) => {
    const left = across(Math.min(x0, x1)), right = across(Math.max(x0, x1));
    const top = down(Math.max(y0, y1)), bottom = down(Math.min(y0, y1));
    pen.lineWidth = 1.5; pen.strokeStyle = style.getPropertyValue("--st-primary-color");
    pen.setLineDash([5, 3]); pen.strokeRect(left, top, right - left, bottom - top); pen.setLineDash([]);
  };
  const ring = (pen, index, colour, wide) => {
    if (index < 0 || index >= count) return;
    pen.beginPath(); pen.arc(across(xs[index]), down(ys[index]), radius() + wide, 0, 7);
    // Over a rim in the colour of the page, so that it is seen among points of its own colour.
    pen.lineWidth = 6; pen.strokeStyle = style.getPropertyValue("--st-background-color"); pen.stroke();
    pen.lineWidth = 2.5; pen.strokeStyle = colour; pen.stroke();
  };
  const spanned = () => {
    if (kept.anchor < 0 || kept.at < 0) return null;
    // A little more than from point to point, so that both are in it.
    const more = 3 / shape.factor, ends = (values) => [values[kept.anchor], values[kept.at]];
    return [xs, ys].flatMap((of) => [Math.min(...ends(of)) - more, Math.max(...ends(of)) + more]);
  };
  const front = () => {
    if (!shape || !base) return;
    const pen = canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(base, 0, 0);
    pen.setTransform(shape.dots, 0, 0, shape.dots, 0, 0);
    const going = drag?.moved ? drag.box : spanned();
    if (going ?? box) frameBox(pen, going ?? box);
    ring(pen, chosen, style.getPropertyValue("--st-primary-color"), 4);
    ring(pen, kept.at, ink(), 2.5);
  };

  const show = (index) => {
    kept.at = index;
    const there = index >= 0;
    card.hidden = !there;
    tip.textContent = there ? data.words[index].replaceAll("\\n", ", ") : "\\u00a0";
    if (there) {
      words.textContent = data.words[index];
      draw_picture(index);
      place(index);
    }
    front();
  };
  const place = (index) => {
    const x = across(xs[index]), y = down(ys[index]), gap = radius() + 8;
    const width = card.offsetWidth, height = card.offsetHeight;
    const left = x + gap + width <= frame.clientWidth ? x + gap : Math.max(0, x - gap - width);
    // Where it fits on neither side it goes above or below, so that the point stays in sight.
    const beside = x + gap + width <= frame.clientWidth || x - gap - width >= 0;
    const top = beside ? Math.min(Math.max(0, y - height / 2), Math.max(0, shape.side - height))
      : y - gap - height >= 0 ? y - gap - height : y + gap;
    card.style.left = left + "px"; card.style.top = top + "px";
  };
  const draw_picture = (index) => {
    const sheet = Math.floor(index / aSheet), at = index % aSheet;
    if (!sheets.length) { picture.style.display = "none"; return; }
    const dots = window.devicePixelRatio || 1;
    const zoom = Math.max(1, Math.floor(PICTURE * dots / Math.max(...tile)));
    picture.width = tile[0] * zoom; picture.height = tile[1] * zoom;
    picture.style.width = picture.width / dots + "px"; picture.style.height = picture.height / dots + "px";
    const image = (kept.images[sheet] ??= Object.assign(new Image(), {
      src: new URL("." + sheets[sheet], document.baseURI).href }));
    const copy = () => {
      if (kept.at !== index) return;
      const pen = picture.getContext("2d");
      pen.imageSmoothingEnabled = false;
      pen.drawImage(image, (at % columns) * tile[0], Math.floor(at / columns) * tile[1], tile[0], tile[1],
                    0, 0, picture.width, picture.height);
      picture.dataset.drawn = String(index);
    };
    if (image.complete && image.naturalWidth) copy(); else image.addEventListener("load", copy, { once: true });
  };

  const pointed = (event) => {
    const rect = canvas.getBoundingClientRect();
    return [event.clientX - rect.left, event.clientY - rect.top];
  };
  const nearest = ([x, y], most) => {
    let best = -1, least = most * most;
    for (let index = 0; index < count; index++) {
      if (!seen(index)) continue;
      const dx = across(xs[index]) - x, dy = down(ys[index]) - y, far = dx * dx + dy * dy;
      if (far < least) { least = far; best = index; }
    }
    return best;
  };
  const pick = (...what) => { kept.anchor = -1; setTriggerValue("picked", what); };

  canvas.onpointerdown = (event) => {
    if (!shape || event.button) return;
    drag = { from: pointed(event), moved: false, box: null };
    canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => {
    if (!shape) return;
    const at = pointed(event);
    kept.walking = false;
    if (!drag) {
      const index = nearest(at, NEAR);
      if (index !== kept.at) show(index);
      return;
    }
    if (!drag.moved && Math.hypot(at[0] - drag.from[0], at[1] - drag.from[1]) < 5) return;
    if (!drag.moved) { drag.moved = true; show(-1); }
    drag.box = [xOf(drag.from[0]), xOf(at[0]), yOf(drag.from[1]), yOf(at[1])];
    front();
  };
  canvas.onpointerup = (event) => {
    if (!drag) return;
    const { moved, box: drawn } = drag;
    drag = null;
    if (moved) { front(); return pick("box", ...drawn); }
    const index = nearest(pointed(event), 2 * NEAR);
    if (index >= 0) { show(index); pick("point", index); }
  };
  canvas.onpointercancel = () => { drag = null; front(); };
  canvas.onpointerleave = (event) => {
    // A finger that is lifted has left, too: its card stays until the next touch.
    if (!drag && !kept.walking && event.pointerType !== "touch") show(-1);
  };
  canvas.onblur = () => show(-1);

  const step = (dx, dy) => {
    const from = kept.at >= 0 ? kept.at : chosen;
    if (from < 0) return nearest([LEFT + shape.w / 2, shape.h / 2], Infinity);
    const x = across(xs[from]), y = down(ys[from]);
    let best = from, least = Infinity;
    for (let index = 0; index < count; index++) {
      if (index === from || !seen(index)) continue;
      const ex = across(xs[index]) - x, ey = down(ys[index]) - y;
      const along = ex * dx + ey * dy, aside = Math.abs(ex * dy - ey * dx);
      if (along <= 0.01 || aside > along) continue;
      if (along + aside < least) { least = along + aside; best = index; }
    }
    return best;
  };
  canvas.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!shape) return;
    if (way) {
      const from = kept.at >= 0 ? kept.at : chosen;
      if (!event.shiftKey) kept.anchor = -1;
      else if (kept.anchor < 0) kept.anchor = from;
      kept.walking = true;
      show(step(...way));
    } else if ((event.key === "Enter" || event.key === " ") && kept.at >= 0) {
      if (kept.anchor >= 0) pick("box", ...spanned()); else pick("point", kept.at);
    } else if (event.key === "Escape") {
      if (kept.anchor >= 0) { kept.anchor = -1; front(); } else pick("nothing");
    } else return;
    // Arrow keys also walk layers elsewhere: not while one walks here.
    event.preventDefault(); event.stopPropagation();
  };

  const swatch = (what, colour) => {
    const small = document.createElement("canvas"), dots = window.devicePixelRatio || 1;
    small.width = small.height = 14 * dots; small.style.width = small.style.height = "14px";
    const pen = small.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    mark(pen, what, colour, 7, 7, 4);
    return small;
  };
  const drawLegend = () => {
    legend.replaceChildren(...entries.map(([name, colour, what, number], place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(swatch(what, colourOf(colour)), `${name} (${number.toLocaleString("en")})`);
      button.setAttribute("aria-pressed", String(kept.alone === place));
      button.onclick = () => {
        kept.alone = kept.alone === place ? -1 : place;
        [...legend.children].forEach((one, at) => one.setAttribute("aria-pressed", String(kept.alone === at)));
        draw();
      };
      return button;
    }));
    scale.hidden = !data.scale;
    if (data.scale) {
      scale.querySelector(".low").textContent = data.scale[0];
      scale.querySelector(".high").textContent = data.scale[1];
      scale.querySelector(".colours").style.background = `linear-gradient(to right, ${palette.join(",")})`;
    }
  };
  const observer = new ResizeObserver(() => { if (frame.clientWidth !== kept.wide) all(); });
  const all = () => { kept.wide = frame.clientWidth; drawLegend(); draw(); show(kept.at); };
  observer.observe(frame);
  all();
  return () => observer.disconnect();
}
"""
