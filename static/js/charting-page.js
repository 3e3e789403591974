// The charting page: wires the draft, the drawing, the panel and the saving together.

import { renewLots, submitWith, wireSyringes } from "./charting-draw-up.js";
import { PointMap } from "./charting-map.js";
import { Panel } from "./charting-panel.js";
import { element, fill, on, part } from "./charting-parts.js";
import { Safety } from "./charting-safety.js";
import { Saver } from "./charting-save.js";
import {
  Draft, addCount, addPoint, countOf, findPoint, movePoint, removeGroup, removePoint, removeSyringe,
  withGroup,
} from "./charting-state.js";

const data = JSON.parse(document.getElementById("chart-data").textContent);
const { words } = data;
const draft = new Draft(data.content);
const panel = new Panel(data);
const safety = new Safety(document.getElementById("safety"), document.getElementById("safety-jump"));
const hint = document.getElementById("stage-hint");
const stage = document.getElementById("stage");
const [tool, texts, conflict, ownCopy] = ["add-points", "texts", "conflict", "own-copy"].map((id) => document.getElementById(id));
const pressed = (button, yes) => button.setAttribute("aria-pressed", String(yes));
let selected = null; // {group, index}, or {group} for all of its points
let showRings = true;
document.documentElement.classList.add("charting-live");
document.getElementById("by-count").open = false;

// The drawing stays in view right under the patient's banner, however many warnings that holds.
const banner = document.querySelector(".banner");
new ResizeObserver(() => {
  const below = parseFloat(getComputedStyle(banner).top) + banner.offsetHeight + 12;
  document.documentElement.style.setProperty("--under-banner", `${below}px`);
}).observe(banner);

// saving --------------------------------------------------------------------------------------------------------

const saver = new Saver({
  url: data.saveUrl,
  version: data.version,
  csrf: document.body.dataset.csrf,
  read: () => draft.content,
  show: showSaving,
  conflict: showConflict,
  answered(answer) {
    if (renewLots(data.lots, answer.lots)) draw();
    safety.show(answer.answers, draft.content.reasons);
  },
});

function showSaving(state, detail) {
  const icons = { saved: "cloud-check", saving: "cloud-arrow-up", unsaved: "cloud", notSaved: "cloud-slash" };
  const text = { saved: { time: detail }, notSaved: { reason: words[detail] } }[state];
  const place = document.getElementById("save-state");
  place.className = `save-state is-${state}`;
  place.replaceChildren(element("i", { class: `bi bi-${icons[state]}`, "aria-hidden": "true" }), ` ${fill(words[state], text ?? {})}`);
  document.getElementById("save-again").hidden = state !== "notSaved" || detail === "elsewhere" || detail === "gone";
}

function showConflict(stored) {
  part(conflict, "when").textContent = stored.savedAt;
  conflict.hidden = false;
  conflict.focus();
  conflict.stored = stored;
}

function showOwnCopy() {
  ownCopy.querySelector("pre").textContent = ownText();
  ownCopy.hidden = false;
  ownCopy.querySelector("pre").focus();
}

// What this window holds, as text that can be read and copied.
function ownText() {
  const { content } = draft;
  const groups = content.injections.map((group) => `${panel.where(group)}: ${countOf(group)} × ${group.volume_ml} mL, ${group.depth_mm} mm, ${group.needle}`);
  const syringes = content.preparations.map((entry) => `${panel.versionName(entry)}: ${entry.volume_ml} mL ${entry.variation} ${entry.variation_reason}`);
  return [...syringes, ...groups, content.note, content.reactions, content.advice, ...Object.values(content.reasons)].map((line) => line.trim()).filter(Boolean).join("\n");
}

document.getElementById("save-again").addEventListener("click", () => saver.again());
on(conflict, "click", '[data-act="keep-copy"]', showOwnCopy);
on(conflict, "click", '[data-act="load-stored"]', () => {
  showOwnCopy();
  draft.replace(conflict.stored.content);
  fillTexts();
  safety.refill(draft.content.reasons);
  saver.resume(conflict.stored.version);
  showSaving("saved", conflict.stored.savedAt);
  conflict.hidden = true;
});
on(ownCopy, "click", '[data-act="close-copy"]', () => (ownCopy.hidden = true));
on(document, "click", "a[data-after-saving]", async (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (await saver.flush()) location.assign(link.href);
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

const map = new PointMap(stage, data.marks, {
  place(where) {
    const place = chartable(where);
    const read = panel.readTool();
    if (!place) return say(fill(words.notHere, { area: panel.where(where) }));
    if (read.missing) return need(read);
    draft.step(addPoint(draft.content, read.tool, place));
    const group = draft.content.injections.find((entry) => entry.id === findPoint(draft.content, place).group);
    say(`${panel.where(group)} · ${panel.pointsText(countOf(group))}`);
  },
  move(ref, where) {
    const place = chartable(where);
    if (!place) return (draw(), say(fill(words.notHere, { area: panel.where(where) })));
    const moved = movePoint(draft.content, ref, place);
    selected = findPoint(moved, place);
    draft.step(moved);
    say(panel.where(place));
  },
  select(ref) {
    select(ref);
    say(fill(words.selected, { area: panel.where(groupOf(ref)) }));
  },
  outside(where, ref) {
    if (ref) draw();
    say(where?.blocked ? fill(words.notTreated, { area: panel.where(where) }) : words.outside, true);
  },
  over(where) {
    stage.dataset.over = where ? (where.blocked ? "blocked" : "area") : "";
    document.getElementById("stage-over").textContent = where ? panel.where(withSide(where)) : "";
  },
});

const groupOf = (ref) => draft.content.injections.find((group) => group.id === ref?.group);

// The place with the side that the catalogue gives the area, or null when the area may not be charted there.
function chartable(where) {
  const area = data.areas[where.area];
  if (!area?.treatable || !area.diagrams.includes(where.diagram)) return null;
  const { area: key, diagram, x, y } = where;
  return { area: key, side: withSide(where).side, diagram, x, y };
}

function withSide(where) {
  const sides = data.areas[where.area]?.sides ?? [];
  return { ...where, side: sides.includes(where.side) ? where.side : (sides[0] ?? where.side) };
}

function say(text, warn = false) {
  hint.textContent = text;
  hint.classList.toggle("is-warning", warn);
}

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

function select(ref) {
  selected = ref;
  draw();
}

function switchTo(diagram) {
  map.show(diagram);
  const view = document.querySelector(`[data-view][data-diagrams~="${diagram}"]`);
  const shown = view.dataset.diagrams.split(" ");
  for (const button of document.querySelectorAll("[data-view]")) pressed(button, button === view);
  for (const button of document.querySelectorAll("[data-diagram-button]")) {
    button.hidden = shown.length < 2 || !shown.includes(button.dataset.diagramButton);
    pressed(button, button.dataset.diagramButton === diagram);
  }
  document.querySelector(".stage-sides").hidden = shown.length < 2;
  draw();
}

on(document, "click", "[data-view]", (_event, button) => switchTo(button.dataset.diagrams.split(" ")[0]));
on(document, "click", "[data-diagram-button]", (_event, button) => switchTo(button.dataset.diagramButton));

const acts = {
  undo: () => draft.undo(),
  redo: () => draft.redo(),
  "delete-point": deleteSelected,
  "zoom-in": () => map.zoom(1),
  "zoom-out": () => map.zoom(-1),
  rings(button) {
    showRings = !showRings;
    pressed(button, showRings);
    draw();
  },
  "select-group"(button) {
    const id = button.closest("[data-group]").dataset.group;
    const group = groupOf({ group: id });
    if (selected?.group === id && selected.index === undefined) return select(null);
    panel.showTool(group);
    selected = { group: id };
    if (group.diagram && group.diagram !== map.diagram) switchTo(group.diagram);
    else draw();
  },
  "remove-group"(button) {
    draft.step(removeGroup(draft.content, button.closest("[data-group]").dataset.group));
  },
  "remove-syringe"(button) {
    const id = button.closest("[data-syringe]").dataset.syringe;
    const used = draft.content.injections.some((group) => group.preparation === id);
    if (!used || confirm(words.removeFirst)) draft.step(removeSyringe(draft.content, id));
  },
  async succeed(button) {
    if (await saver.flush()) submitWith(button, saver.version);
  },
  "change-group"() {
    const read = panel.readTool();
    if (read.missing) return need(read);
    draft.step(withGroup(draft.content, selected.group, read.tool));
  },
};
on(document, "click", "[data-act]", (event, button) => {
  const act = acts[button.dataset.act];
  if (!act) return;
  event.preventDefault();
  act(button);
});

function deleteSelected() {
  if (!selected) return;
  const ref = selected;
  selected = null;
  draft.step(ref.index === undefined ? removeGroup(draft.content, ref.group) : removePoint(draft.content, ref));
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
stage.addEventListener("keydown", (event) => {
  if (event.key === "Escape") select(null);
  if (event.key === "Delete" || event.key === "Backspace") deleteSelected();
  const arrow = ARROWS[event.key];
  if (!arrow || selected?.index === undefined) return;
  event.preventDefault();
  const [x, y] = groupOf(selected).points[selected.index];
  const where = map.whereIs(x + arrow[0] * 0.005, y + arrow[1] * 0.005);
  const place = where && !where.blocked && chartable(where);
  if (!place) return say(words.outside, true);
  const moved = movePoint(draft.content, selected, place);
  selected = findPoint(moved, place);
  draft.step(moved);
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

wireSyringes({
  data, draft, panel,
  added: (id) => setTool("preparation", id),
});

texts.addEventListener("input", (event) => draft.type({ ...draft.content, [event.target.dataset.field]: event.target.value }));
texts.addEventListener("submit", (event) => event.preventDefault());

on(safety.root, "input", "[data-reason]", (_event, field) => {
  field.closest(".answer").classList.toggle("is-open", !field.value.trim());
  draft.type({ ...draft.content, reasons: { ...draft.content.reasons, [field.dataset.reason]: field.value } });
});
safety.root.addEventListener("submit", (event) => event.preventDefault());

function fillTexts() {
  for (const field of texts.querySelectorAll("[data-field]")) field.value = draft.content[field.dataset.field];
}

// drawing it all --------------------------------------------------------------------------------------------------

function draw() {
  const { content } = draft;
  if (selected && !(groupOf(selected)?.points ?? [])[selected.index ?? 0] && selected.index !== undefined) selected = null;
  if (selected && !groupOf(selected)) selected = null;
  const points = content.injections
    .filter((group) => group.diagram === map.diagram)
    .flatMap((group) => {
      const tone = panel.tone(content, group.preparation);
      return (group.points ?? []).map(([x, y], index) => ({
        x, y, tone,
        ref: { group: group.id, index },
        selected: selected?.group === group.id && (selected.index ?? index) === index,
      }));
    });
  const rings = showRings ? data.last.filter((group) => group.diagram === map.diagram).flatMap((group) => group.points) : [];
  map.draw(points, rings);
  panel.drawSyringes(content);
  panel.drawGroups(content, selected?.group);
  panel.drawTotals(content);
  safety.mark();
  drawCounts(content);
  const act = (name) => document.querySelector(`[data-act="${name}"]`);
  act("undo").disabled = !draft.canUndo;
  act("redo").disabled = !draft.canRedo;
  act("delete-point").disabled = selected?.index === undefined;
  act("change-group").disabled = !selected;
}

// How many points are on each drawing, also on those that are not shown.
function drawCounts(content) {
  const counts = {};
  for (const group of content.injections) counts[group.diagram] = (counts[group.diagram] ?? 0) + (group.points?.length ?? 0);
  for (const button of document.querySelectorAll("[data-view], [data-diagram-button]")) {
    const keys = (button.dataset.diagrams ?? button.dataset.diagramButton).split(" ");
    const count = keys.reduce((sum, key) => sum + (counts[key] ?? 0), 0);
    button.querySelector("[data-count]").textContent = count || "";
  }
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
const lastDiagram = draft.content.injections.findLast((group) => group.diagram)?.diagram ?? data.last.at(-1)?.diagram;
switchTo(lastDiagram ?? "body_front");
panel.checkTool();
safety.show(data.answers, draft.content.reasons);
if (location.hash.startsWith("#reasons-")) document.getElementById(location.hash.slice(1))?.focus();
if (location.hash.startsWith("#injections-")) acts["select-group"](document.querySelector(`${location.hash} [data-act]`));
