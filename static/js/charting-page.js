// The charting page: wires the draft, the drawing, the panel and the saving together.

import { copiedText, sinceCopy } from "./charting-copied.js";
import { renewLots, submitWith, wireSyringes } from "./charting-draw-up.js";
import { Drawing } from "./charting-drawing.js";
import { wireLine } from "./charting-line.js";
import { fillNote, wireNote } from "./charting-note.js";
import { Panel } from "./charting-panel.js";
import { on } from "./charting-parts.js";
import { Safety } from "./charting-safety.js";
import { wireSaving } from "./charting-saving.js";
import { Draft, addCount, countOf, removeGroup, removeSyringe, withGroup } from "./charting-state.js";

const data = JSON.parse(document.getElementById("chart-data").textContent);
const { words } = data;
const draft = new Draft(data.content);
const panel = new Panel(data);
const safety = new Safety(document.getElementById("safety"), document.getElementById("safety-jump"));
const [tool, texts] = ["add-points", "texts"].map((id) => document.getElementById(id));
document.documentElement.classList.add("charting-live");
document.getElementById("by-count").open = false;

// The drawing stays in view right under the patient's banner, however many warnings that holds.
const banner = document.querySelector(".banner");
new ResizeObserver(() => {
  const below = parseFloat(getComputedStyle(banner).top) + banner.offsetHeight + 12;
  document.documentElement.style.setProperty("--under-banner", `${below}px`);
}).observe(banner);

// saving --------------------------------------------------------------------------------------------------------

const saver = wireSaving({
  data, draft, panel,
  answered(answer) {
    if (answer.lots && renewLots(data.lots, answer.lots)) draw();
    if (answer.answers) safety.show(answer.answers, draft.content.reasons);
  },
  filled() {
    fillTexts();
    safety.refill(draft.content.reasons);
  },
});

// The idle limit counts what people do, not what the page does by itself: while somebody works here, it says so.
const SIGN_OF_LIFE = 4 * 60 * 1000;
let lastSign = performance.now();
for (const type of ["pointerdown", "keydown"]) {
  addEventListener(type, (event) => {
    if (!event.isTrusted || performance.now() - lastSign < SIGN_OF_LIFE) return;
    lastSign = performance.now();
    fetch(data.presentUrl, { headers: { Accept: "application/json" } }).catch(() => {});
  });
}

// the drawing -----------------------------------------------------------------------------------------------------

const drawing = new Drawing({ data, draft, panel, saver: () => saver, redraw: () => draw(), need: (read) => need(read) });
const say = (text, warn) => drawing.say(text, warn);

function need({ missing, field }) {
  say(words[missing], true);
  field.classList.add("is-invalid");
  if (field.tagName !== "SELECT" || matchMedia("(pointer: fine)").matches) field.focus({ preventScroll: true });
}

function setTool(name, value) {
  const field = tool.querySelector(`[data-field="${name}"]`);
  field.value = value;
  field.classList.remove("is-invalid");
}

const acts = {
  undo: () => draft.undo(),
  redo: () => draft.redo(),
  ...drawing.acts,
  "select-group"(button) {
    const id = button.closest("[data-group]").dataset.group;
    const { selected } = drawing;
    if (selected?.group === id && selected.index === undefined) return drawing.select(null);
    panel.showTool(drawing.groupOf({ group: id }));
    drawing.select({ group: id });
  },
  "remove-group"(button) {
    draft.step(removeGroup(draft.content, button.closest("[data-group]").dataset.group));
  },
  "remove-syringe"(button) {
    draft.step(removeSyringe(draft.content, button.closest("[data-syringe]").dataset.syringe));
  },
  async succeed(button) {
    if (await saver.flush()) submitWith(button, saver.version);
  },
  async "copy-last"(button) {
    if (await saver.flush()) submitWith(button, saver.version);
  },
  "fill-chosen"() {
    const [area, side] = ["area", "side"].map((name) => tool.querySelector(`[data-field="${name}"]`).value);
    panel.error("area", area ? "" : words.needArea);
    if (area) drawing.fillArea(area, side);
  },
  "change-group"() {
    const read = panel.readTool();
    if (read.missing) return need(read);
    draft.step(withGroup(draft.content, drawing.selected.group, read.tool));
  },
};
on(document, "click", "[data-act]", (event, button) => {
  const act = acts[button.dataset.act];
  if (!act) return;
  event.preventDefault();
  act(button);
});

addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
  if (event.target.closest("input, textarea")) return;
  event.preventDefault();
  if (event.shiftKey) draft.redo();
  else draft.undo();
});

// the panel -------------------------------------------------------------------------------------------------------

on(tool, "click", "[data-volume]", (_event, chip) => {
  setTool("volume_ml", chip.dataset.volume);
  panel.checkTool();
});
tool.addEventListener("input", (event) => {
  event.target.classList.remove("is-invalid");
  if (event.target.dataset.field === "technique") suggestNeedle(event.target.value);
  if (event.target.dataset.field === "area") suggestSide(event.target.value);
  panel.checkTool();
});

function suggestNeedle(key) {
  const field = tool.querySelector('[data-field="needle"]');
  const known = Object.values(data.techniques).some((technique) => technique.needle === field.value);
  if (!field.value || known) field.value = data.techniques[key]?.needle ?? "";
}

function suggestSide(key) {
  const field = tool.querySelector('[data-field="side"]');
  const sides = data.areas[key]?.sides ?? [];
  if (!sides.includes(field.value)) field.value = sides[0] ?? field.value;
}

tool.addEventListener("submit", (event) => {
  event.preventDefault();
  const value = (name) => tool.querySelector(`[data-field="${name}"]`).value.trim();
  const read = panel.readTool();
  if (read.missing) return need(read);
  const [area, side, count] = ["area", "side", "count"].map(value);
  const wrong = {
    area: area ? "" : words.needArea,
    side: data.areas[area]?.sides.includes(side) ?? true ? "" : words.needSide,
    count: /^[0-9]{1,4}$/.test(count) && Number(count) >= 1 && Number(count) <= 2000 ? "" : words.needCount,
  };
  for (const [name, text] of Object.entries(wrong)) panel.error(name, text);
  const first = Object.keys(wrong).find((name) => wrong[name]);
  if (first) return tool.querySelector(`[data-field="${first}"]`).focus();
  draft.step(addCount(draft.content, read.tool, { area, side, count }));
  tool.querySelector('[data-field="count"]').value = "";
  say(`${panel.where({ area, side })} · ${panel.pointsText(Number(count))}`);
});

wireLine({
  data, draft,
  csrf: () => saver.csrf,
  tool: () => panel.typedTool(),
  added: (groups) => say(groups.map((group) => `${panel.where(group)} · ${panel.pointsText(countOf(group))}`).join("; ")),
});

wireSyringes({
  data, draft, panel,
  added: (id) => setTool("preparation", id),
});

wireNote({ root: texts, read: () => draft.content, put: (content) => draft.type(content), saved: () => saver.flush() });

on(safety.root, "input", "[data-reason]", (_event, field) => {
  field.closest(".answer").classList.toggle("is-open", !field.value.trim());
  draft.type({ ...draft.content, reasons: { ...draft.content.reasons, [field.dataset.reason]: field.value } });
});
safety.root.addEventListener("submit", (event) => event.preventDefault());

const fillTexts = () => fillNote(texts, draft.content);

// drawing it all --------------------------------------------------------------------------------------------------

function draw() {
  const { content } = draft;
  drawing.draw(content);
  panel.drawSyringes(content);
  panel.drawGroups(content, drawing.selected?.group, sinceCopy(content, data.earlier));
  showCopied(content);
  panel.drawTotals(content);
  safety.mark();
  const act = (name) => document.querySelector(`[data-act="${name}"]`);
  act("undo").disabled = !draft.canUndo;
  act("redo").disabled = !draft.canRedo;
  act("change-group").disabled = !drawing.selected;
}

// A session can be copied while nothing is charted, and what was copied is compared with what it was.
function showCopied(content) {
  const copy = document.getElementById("copy-last");
  if (copy) copy.hidden = content.preparations.length + content.injections.length > 0;
  const place = document.getElementById("copied");
  const text = copiedText(content, data.earlier, words, (group) => panel.where(group));
  place.hidden = !text;
  place.querySelector("[data-part=copied]").textContent = text;
}

// What the safety rules say of another syringe or lot is asked at once.
let syringes = whatIsInside();
draft.onChange(() => {
  draw();
  saver.changed();
  const inside = whatIsInside();
  if (inside !== syringes) saver.flush();
  syringes = inside;
});

function whatIsInside() {
  return JSON.stringify(draft.content.preparations.map(({ id, version_id, lots }) => [id, version_id, lots]));
}

fillTexts();
const lastOf = (groups) => groups?.findLast((group) => group.diagram && group.points.length && drawing.has(group.diagram))?.diagram;
drawing.switchTo(lastOf(draft.content.injections) ?? lastOf(data.earlier[0]?.groups) ?? "body_front");
panel.checkTool();
safety.show(data.answers, draft.content.reasons);
if (location.hash.startsWith("#reasons-")) document.getElementById(location.hash.slice(1))?.focus();
if (location.hash.startsWith("#injections-")) acts["select-group"](document.querySelector(`${location.hash} [data-act]`));
