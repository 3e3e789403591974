// The drawing's side of the charting page: what a tap, a drag, an outline or a key on it does to the draft.

import { Fill } from "./charting-fill.js";
import { Layers } from "./charting-layers.js";
import { PointMap } from "./charting-map.js";
import { mirrored, otherDrawing } from "./charting-mirror.js";
import { fill, on } from "./charting-parts.js";
import { Photos } from "./charting-photos.js";
import { isPhoto } from "./charting-regions.js";
import { addPoint, countOf, findPoint, movePoint, removeGroup, removePoint } from "./charting-state.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ARROW_STEP = 0.005; // of the drawing
const pressed = (button, yes) => button.setAttribute("aria-pressed", String(yes));

export class Drawing {
  selected = null; // {group, index}, or {group} for all of its points

  // redraw() draws all of the page; need(read) asks for what is missing among the values of the next points.
  constructor({ data, draft, panel, saver, redraw, need }) {
    Object.assign(this, { data, words: data.words, draft, panel, redraw, need });
    this.stage = document.getElementById("stage");
    this.hint = document.getElementById("stage-hint");
    this.map = new PointMap(this.stage, data.marks, this.#handlers());
    this.layers = new Layers({ earlier: data.earlier, words: this.words, stage: this.stage, changed: redraw });
    const place = (where) => this.#chartable(where);
    const say = (text, warn) => this.say(text, warn);
    this.fill = new Fill({ data, draft, panel, map: this.map, place, need, say });
    this.photos = new Photos({ data, draft, panel, map: this.map, saver, switchTo: (diagram) => this.switchTo(diagram) });
    this.stage.addEventListener("keydown", (event) => this.#key(event));
    on(document, "click", "[data-view]", (_event, button) => {
      const [first] = button.dataset.diagrams.split(" ");
      if (first) this.switchTo(first);
      else this.photos.open();
    });
    on(document, "click", "[data-diagram-button]", (_event, button) => this.switchTo(button.dataset.diagramButton));
  }

  // What the buttons around the drawing do.
  get acts() {
    return {
      "delete-point": () => this.deleteSelected(),
      "zoom-in": () => this.map.zoom.step(1),
      "zoom-out": () => this.map.zoom.step(-1),
      "fill-area": () => this.#toggleFill(),
      "close-outline": () => this.map.closeOutline(),
      mirror: () => this.#mirror(),
      layers: (button) => this.layers.open(button),
      rings: () => this.layers.toggle(),
      "earlier-back": () => this.layers.browse(1),
      "earlier-on": () => this.layers.browse(-1),
    };
  }

  groupOf(ref) {
    return this.draft.content.injections.find((group) => group.id === ref?.group);
  }

  say(text, warn = false) {
    this.hint.textContent = text;
    this.hint.classList.toggle("is-warning", warn);
  }

  select(ref) {
    this.selected = ref;
    const group = this.groupOf(ref);
    if (ref && ref.index === undefined && group?.diagram && group.diagram !== this.map.diagram) this.switchTo(group.diagram);
    else this.redraw();
  }

  has(diagram) {
    return this.map.sheets.has(diagram);
  }

  // A photo that was added or removed in another window is not here to be shown.
  switchTo(diagram) {
    if (!this.has(diagram)) return this.redraw();
    if (isPhoto(diagram) && this.fill.isOn) this.fill.toggle();
    this.map.show(diagram);
    this.photos.shown(diagram);
    const view = document.querySelector(`[data-view][data-diagrams~="${diagram}"]`);
    const shown = view.dataset.diagrams.split(" ");
    for (const button of document.querySelectorAll("[data-view]")) pressed(button, button === view);
    for (const button of document.querySelectorAll("[data-diagram-button]")) {
      button.hidden = shown.length < 2 || !shown.includes(button.dataset.diagramButton);
      pressed(button, button.dataset.diagramButton === diagram);
    }
    document.querySelector(".stage-sides").hidden = shown.length < 2;
    this.redraw();
  }

  // A grid over all of an area, on a drawing that shows it: for those who draw no outline.
  fillArea(area, side) {
    const { diagrams } = this.data.areas[area];
    if (!diagrams.includes(this.map.diagram)) this.switchTo(diagrams.find((diagram) => diagram.endsWith(`_${side}`)) ?? diagrams[0]);
    this.fill.layArea(area, side);
  }

  deleteSelected() {
    if (!this.selected) return;
    const ref = this.selected;
    this.selected = null;
    this.draft.step(ref.index === undefined ? removeGroup(this.draft.content, ref.group) : removePoint(this.draft.content, ref));
  }

  draw(content) {
    const chosen = this.groupOf(this.selected);
    if (!chosen || (this.selected.index !== undefined && !chosen.points?.[this.selected.index])) this.selected = null;
    this.map.draw(this.#points(content), this.layers.rings(this.map.diagram));
    this.fill.refresh();
    const lay = document.querySelector('[data-act="fill-area"]');
    pressed(lay, this.fill.isOn);
    lay.disabled = isPhoto(this.map.diagram);
    document.querySelector('[data-act="delete-point"]').disabled = this.selected?.index === undefined;
    document.querySelector('[data-act="mirror"]').disabled = !this.#mirrorable().length;
    drawCounts(content);
  }

  #points(content) {
    const { selected } = this;
    return content.injections
      .filter((group) => group.diagram === this.map.diagram)
      .flatMap((group) => {
        const tone = this.panel.tone(content, group.preparation);
        return (group.points ?? []).map(([x, y], index) => ({
          x, y, tone,
          ref: { group: group.id, index },
          selected: selected?.group === group.id && (selected.index ?? index) === index,
        }));
      });
  }

  #handlers() {
    return {
      place: (where) => this.#place(where),
      move: (ref, where) => this.#move(ref, where),
      select: (ref) => {
        this.select(ref);
        this.say(fill(this.words.selected, { area: this.panel.where(this.groupOf(ref)) }));
      },
      outside: (where, ref) => {
        if (ref) this.redraw();
        const outside = isPhoto(this.map.diagram) ? this.words.photoOutside : this.words.outside;
        this.say(where?.blocked ? fill(this.words.notTreated, { area: this.panel.where(where) }) : outside, true);
      },
      over: (where) => {
        const known = where && !isPhoto(where.diagram) && this.#withSide(where);
        const text = known ? this.#told(this.panel.where(known), this.layers.lastHere(known)) : "";
        const place = document.getElementById("stage-over");
        if (place.textContent !== text) place.textContent = text;
      },
      corner: (count) => this.say(count > 2 ? this.words.closeArea : this.words.drawArea),
      enclose: (outline) => this.fill.lay(outline),
    };
  }

  #told(...texts) {
    return texts.filter(Boolean).join(" · ");
  }

  #place(where) {
    const missing = isPhoto(where.diagram) && this.photos.missing;
    if (missing) return this.need(missing);
    const place = this.#chartable(where);
    const read = this.panel.readTool();
    if (!place) return this.say(fill(this.words.notHere, { area: this.panel.where(where) }));
    if (read.missing) return this.need(read);
    this.draft.step(addPoint(this.draft.content, read.tool, place));
    const group = this.groupOf(findPoint(this.draft.content, place));
    this.say(this.#told(this.panel.where(group), this.panel.pointsText(countOf(group)), this.layers.lastHere(group)));
  }

  #move(ref, where) {
    const place = this.#chartable(this.#kept(ref, where));
    if (!place) return (this.redraw(), this.say(fill(this.words.notHere, { area: this.panel.where(where) })));
    const moved = movePoint(this.draft.content, ref, place);
    this.selected = findPoint(moved, place);
    this.draft.step(moved);
    this.say(this.panel.where(place));
  }

  // On a photo a point stays of its area wherever it is moved.
  #kept(ref, where) {
    const { area, side } = this.groupOf(ref);
    return isPhoto(where?.diagram) ? { ...where, area, side } : where;
  }

  // The place with the side that the catalogue gives the area, or null when the area may not be charted there.
  #chartable(where) {
    const area = this.data.areas[where.area];
    const isShown = isPhoto(where.diagram) || area?.diagrams.includes(where.diagram);
    if (where.blocked || !area?.treatable || !isShown) return null;
    const { area: key, diagram, x, y } = where;
    return { area: key, side: this.#withSide(where).side, diagram, x, y };
  }

  #withSide(where) {
    const sides = this.data.areas[where.area]?.sides ?? [];
    return { ...where, side: sides.includes(where.side) ? where.side : (sides[0] ?? where.side) };
  }

  #toggleFill() {
    this.select(null);
    this.fill.toggle();
    this.redraw();
  }

  // What can be put on the other side: what is selected, else what is on this drawing.
  #mirrorable() {
    const chosen = this.groupOf(this.selected);
    const groups = chosen ? [chosen] : this.draft.content.injections.filter((group) => group.diagram === this.map.diagram);
    return groups.filter((group) => (chosen || group.side !== "none") && !isPhoto(group.diagram));
  }

  #mirror() {
    const place = (diagram, x, y) => {
      const where = this.map.regions.at(diagram, x, y);
      return where && this.#chartable(where);
    };
    const { content, added, lost } = mirrored(this.draft.content, this.#mirrorable(), place);
    this.draft.step(content);
    const text = added ? fill(this.words.mirrored, { points: this.panel.pointsText(added) }) : this.words.mirroredNone;
    this.say(lost ? `${text} ${fill(this.words.gridSkipped, { count: lost })}` : text, !added);
    const other = otherDrawing(this.map.diagram);
    if (added && other !== this.map.diagram) this.switchTo(other);
  }

  #key(event) {
    if (event.key === "Escape") {
      if (this.fill.isOn) this.fill.toggle();
      this.select(null);
    }
    if (event.key === "Delete" || event.key === "Backspace") this.deleteSelected();
    if (event.key === "+" || event.key === "-") this.map.zoom.step(event.key === "+" ? 1 : -1);
    if (event.key === "Enter" && this.fill.isOn) this.map.closeOutline();
    const arrow = ARROWS[event.key];
    if (!arrow || this.selected?.index === undefined) return;
    event.preventDefault();
    const [x, y] = this.groupOf(this.selected).points[this.selected.index];
    const where = this.map.whereIs(x + arrow[0] * ARROW_STEP, y + arrow[1] * ARROW_STEP);
    const place = where && this.#chartable(this.#kept(this.selected, where));
    if (!place) return this.say(this.words.outside, true);
    const moved = movePoint(this.draft.content, this.selected, place);
    this.selected = findPoint(moved, place);
    this.draft.step(moved);
  }
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
