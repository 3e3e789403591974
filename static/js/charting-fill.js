// Filling an area: an outline is drawn, a grid is laid inside it, and its spacing may still be changed until something
// else is charted. The server counts and judges the points like any others.

import { parseAmount } from "./charting-amounts.js";
import { gridIn, gridLimit } from "./charting-grid.js";
import { fill, on } from "./charting-parts.js";
import { isTaken } from "./charting-mirror.js";
import { MAX_POINTS, addPoints } from "./charting-state.js";

const SPACING = { places: 1, max: 100 };
const WHOLE = [[0, 0], [1, 0], [1, 1], [0, 1]];

export class Fill {
  #laid = null; // {before, after, tool, diagram, outline, only}

  // place(where) gives what may be charted there, or null; need(read) asks for what is missing in the panel.
  constructor({ data, draft, panel, map, place, need, say }) {
    Object.assign(this, { data, words: data.words, draft, panel, map, place, need, say });
    this.bar = document.getElementById("fill-bar");
    this.field = document.getElementById("fill-spacing");
    this.field.addEventListener("input", () => this.#again());
    on(this.bar, "click", "[data-step]", (_event, button) => this.#step(Number(button.dataset.step)));
  }

  get isOn() {
    return this.map.mode === "area";
  }

  toggle() {
    this.map.mode = this.isOn ? "points" : "area";
    if (this.isOn) {
      if (!this.field.value) this.#suggest();
      this.say(this.words.drawArea);
    }
    this.refresh();
  }

  // Tells what can still be done: adjust what was laid last, as long as nothing else was charted.
  refresh() {
    if (this.#laid && this.#laid.after !== this.draft.content.injections) this.#laid = null;
    this.bar.hidden = !this.isOn && !this.#laid;
    this.bar.querySelector('[data-act="close-outline"]').hidden = !this.isOn;
    document.getElementById("fill-what").textContent = this.#laid ? this.words.gridLaid : this.words.gridSoon;
  }

  // The grid inside an outline of the drawing that is shown.
  lay(outline) {
    this.#lay({ outline, only: null });
  }

  // The grid over all of an area of the drawing that is shown, without drawing an outline.
  layArea(area, side) {
    if (!this.field.value) this.#suggest();
    this.#lay({ outline: WHOLE, only: { area, side } });
  }

  #lay(wanted) {
    const read = this.panel.readTool();
    if (read.missing) return this.need(read);
    const before = this.draft.content;
    const laid = this.#points({ ...wanted, before, tool: read.tool, diagram: this.map.diagram });
    if (!laid) return;
    this.map.mode = "points";
    this.draft.step(addPoints(before, laid.tool, laid.places));
    this.#laid = { ...laid, after: this.draft.content.injections };
    this.#tell(laid);
    this.refresh();
  }

  #again() {
    if (!this.#laid || !this.field.value.trim()) return this.#check();
    const laid = this.#points(this.#laid);
    if (!laid) return;
    const { before } = laid;
    this.draft.type({ ...this.draft.content, injections: addPoints(before, laid.tool, laid.places).injections });
    this.#laid = { ...laid, after: this.draft.content.injections };
    this.#tell(laid);
    this.refresh();
  }

  // The places of the grid that hold no point yet, or null when the spacing cannot be used or nothing lies in an area.
  #points(wanted) {
    const spacing = this.#check();
    if (!spacing) return null;
    const size = this.data.drawings[wanted.diagram];
    if (!wanted.only && gridLimit(wanted.outline, spacing, size) > 20 * MAX_POINTS) return this.#refuse(this.words.gridTooFine);
    let skipped = 0;
    const places = [];
    for (const [x, y] of gridIn(wanted.outline, spacing, size)) {
      const where = this.map.regions.at(wanted.diagram, x, y);
      const place = where && !where.blocked && this.place(where);
      if (wanted.only && !(place && place.area === wanted.only.area && place.side === wanted.only.side)) continue;
      if (place) places.push(place);
      else skipped += 1;
    }
    if (!places.length) return this.#refuse(this.words.gridEmpty);
    if (places.length > MAX_POINTS) return this.#refuse(this.words.gridTooFine);
    const tool = { ...wanted.tool, spacing_mm: String(spacing) };
    return { ...wanted, tool, places: places.filter((place) => !isTaken(wanted.before.injections, place)), skipped };
  }

  #tell({ places, skipped }) {
    const text = fill(this.words.gridDone, { points: this.panel.pointsText(places.length), spacing: this.field.value.trim() });
    this.say(skipped ? `${text} ${fill(this.words.gridSkipped, { count: skipped })}` : text);
  }

  #refuse(text) {
    this.say(text, true);
    return null;
  }

  // The spacing in mm, or 0 with the reason beside the field.
  #check() {
    const { error, thousandths } = parseAmount(this.field.value, SPACING);
    const small = thousandths !== undefined && thousandths < 1000n;
    document.getElementById("fill-error").textContent = error ? this.words[error] : small ? this.words.gridTooFine : "";
    this.field.classList.toggle("is-invalid", Boolean(error) || small);
    return error || small ? 0 : Number(thousandths) / 1000;
  }

  #step(change) {
    const spacing = Number(parseAmount(this.field.value, SPACING).thousandths ?? 10000n) / 1000;
    this.field.value = String(Math.min(100, Math.max(1, Math.round(spacing + change))));
    this.#again();
  }

  // What is usual for the technique that is chosen.
  #suggest() {
    const technique = this.data.techniques[this.panel.readTool().tool?.technique];
    this.field.value = technique?.spacingMax || "10";
  }
}
