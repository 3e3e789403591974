// The drawing under the finger: says where somebody tapped, dragged, drew a line or let go, and draws the points.
// Decides nothing.

import { Regions, fraction, isPhoto, regionOf } from "./charting-regions.js";
import { Zoom } from "./charting-zoom.js";

const SVG = "http://www.w3.org/2000/svg";
const DRAG_FROM = 5; // pixels that a pointer moves before it is dragging
// Pixels from a point's middle within which a drag takes the point, and a tap selects it instead of placing another.
const DRAG_REACH = { mouse: 9, pen: 12, touch: 18 };
const TAP_REACH = { mouse: 6, pen: 7, touch: 9 };
const CLOSE_REACH = { mouse: 12, pen: 14, touch: 22 }; // from the first corner, within which a tap closes an outline
const DOTS = [[80, 1], [250, 0.8], [Infinity, 0.6]]; // up to so many points, how large each is drawn
const LINE_STEP = 4; // pixels between two corners of a line that is drawn in one go

export class PointMap {
  #press = null;
  #points = [];
  #corners = []; // of the outline that is being drawn, as fractions of the drawing
  chosen = { area: "", side: "" }; // what all of a photo counts as

  // handlers: place(where), move(ref, where), select(ref or null), outside(region or null, ref or null),
  // over(region or null), corner(count), enclose(outline). A region is {area, side, blocked}; where is a region with
  // {diagram, x, y}, x and y fractions of the drawing.
  constructor(stage, marks, handlers) {
    this.stage = stage;
    this.marks = marks;
    this.handlers = handlers;
    this.sheets = new Map([...stage.querySelectorAll("[data-sheet]")].map((sheet) => [sheet.dataset.sheet, sheet]));
    this.regions = new Regions(this.sheets);
    this.zoom = new Zoom(stage, () => this.sheet, () => this.#fit());
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#moved(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", () => this.#cancel());
    stage.addEventListener("pointerleave", () => this.handlers.over(null));
    // A finger on a point drags the point, two fingers zoom; anything else scrolls the page as usual.
    stage.addEventListener("touchstart", (event) => this.#holdPage(event), { passive: false });
    new ResizeObserver(() => this.#fit()).observe(stage);
  }

  show(diagram) {
    this.diagram = diagram;
    for (const [key, sheet] of this.sheets) sheet.hidden = key !== diagram;
    const { width, height } = this.#overlay().viewBox.baseVal;
    if (isPhoto(diagram)) this.stage.style.setProperty("--tall", height / width);
    else this.stage.style.removeProperty("--tall");
    this.zoom.reset();
    this.dropOutline();
  }

  // A photo that was added, as the server writes it.
  addSheet({ key, sheet }) {
    this.stage.insertAdjacentHTML("beforeend", sheet);
    this.sheets.set(key, this.stage.lastElementChild);
  }

  dropSheet(key) {
    this.sheets.get(key).remove();
    this.sheets.delete(key);
  }

  get sheet() {
    return this.sheets.get(this.diagram);
  }

  // In "area" a finger or the mouse draws an outline; in "points" it puts points.
  set mode(mode) {
    this.stage.dataset.mode = mode;
    this.dropOutline();
  }

  get mode() {
    return this.stage.dataset.mode ?? "points";
  }

  // points: [{x, y, tone, ref, selected}] of the drawing that is shown; rings: [{x, y, age}] of earlier sessions.
  draw(points, rings) {
    this.#points = points.map((point) => {
      const shape = this.#at("path", `point tone-${point.tone}${point.selected ? " selected" : ""}`, point);
      shape.setAttribute("d", this.marks[point.tone]);
      return { ...point, shape };
    });
    this.stage.style.setProperty("--dot", DOTS.find(([most]) => points.length <= most)[1]);
    this.#layer("points").replaceChildren(...this.#points.map((point) => point.shape));
    const circles = rings.map((ring) => {
      const circle = this.#at("circle", `ring age-${ring.age}`, ring);
      circle.setAttribute("r", "4");
      return circle;
    });
    this.#layer("rings").replaceChildren(...circles);
  }

  // What lies at a point of the drawing given as fractions, for moving by keyboard.
  whereIs(x, y) {
    if (!isPhoto(this.diagram)) return this.regions.at(this.diagram, x, y);
    const inside = Math.min(x, y) >= 0 && Math.max(x, y) <= 1;
    return inside ? { ...this.chosen, blocked: false, diagram: this.diagram, x: fraction(x), y: fraction(y) } : null;
  }

  closeOutline() {
    if (this.#corners.length < 3) return this.dropOutline();
    const outline = this.#corners;
    this.dropOutline();
    this.handlers.enclose(outline);
  }

  dropOutline() {
    this.#corners = [];
    this.#drawOutline();
  }

  #layer(name) {
    return this.#overlay().querySelector(`.${name}`);
  }

  #at(tag, kind, { x, y }) {
    const shape = document.createElementNS(SVG, tag);
    shape.setAttribute("class", kind);
    this.#move(shape, x, y);
    return shape;
  }

  // The size of a mark comes from the style sheet, so that zooming need not touch every mark.
  #move(shape, x, y) {
    const { width, height } = this.#overlay().viewBox.baseVal;
    shape.style.translate = `${x * width}px ${y * height}px`;
  }

  #overlay() {
    return this.sheet.querySelector(".overlay");
  }

  // One pixel of the screen in the drawing's units: dots keep their size at every zoom.
  #fit() {
    if (!this.sheet) return;
    const unit = this.#overlay().viewBox.baseVal.width / (this.sheet.clientWidth || 1);
    this.stage.style.setProperty("--unit", unit);
  }

  #fractions(event) {
    const { x, y } = this.#place(event);
    return { x: fraction(x), y: fraction(y) };
  }

  #place({ clientX, clientY }) {
    const box = this.sheet.getBoundingClientRect();
    return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
  }

  #whereIn(event) {
    if (isPhoto(this.diagram)) {
      const { x, y } = this.#place(event);
      return this.whereIs(x, y);
    }
    const under = document.elementsFromPoint(event.clientX, event.clientY);
    const path = under.find((element) => element.classList.contains("region") && this.sheet.contains(element));
    return path ? { ...regionOf(path), diagram: this.diagram, ...this.#fractions(event) } : null;
  }

  // The nearest point within the reach of a pointer, and how far it is: [point or null, pixels].
  #pointAt({ clientX, clientY }, reach) {
    const box = this.sheet.getBoundingClientRect();
    let [nearest, best] = [null, reach];
    for (const point of this.#points) {
      const distance = Math.hypot(box.left + point.x * box.width - clientX, box.top + point.y * box.height - clientY);
      if (distance <= best) [nearest, best] = [point, distance];
    }
    return [nearest, best];
  }

  #holdPage(event) {
    const taken = event.touches.length > 1 || this.mode === "area" || this.#pointAt(event.touches[0], DRAG_REACH.touch)[0];
    if (taken && event.cancelable) event.preventDefault();
  }

  #down(event) {
    if (!event.isPrimary) return this.#cancel();
    if (event.button !== 0 || !this.sheet.contains(event.target)) return;
    const kind = event.pointerType in DRAG_REACH ? event.pointerType : "touch";
    const [point, distance] = this.mode === "area" ? [null, 0] : this.#pointAt(event, DRAG_REACH[kind]);
    const tapped = point && distance <= TAP_REACH[kind];
    this.#press = { id: event.pointerId, x: event.clientX, y: event.clientY, kind, point, tapped, dragging: false };
    if (point || this.mode === "area") this.stage.setPointerCapture(event.pointerId);
  }

  #moved(event) {
    const press = this.#press;
    if (!press || press.id !== event.pointerId) {
      if (event.pointerType === "mouse" && this.sheet && !this.zoom.isPinching) this.handlers.over(this.#whereIn(event));
      return;
    }
    if (Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG_FROM) press.dragging = true;
    if (!press.dragging) return;
    if (this.mode === "area") this.#line(event, press);
    else if (press.point) this.#drag(event, press);
    else if (press.kind === "mouse") this.#pan(event, press);
  }

  #drag(event, press) {
    const where = this.#whereIn(event);
    const { x, y } = where ?? this.#fractions(event);
    this.#move(press.point.shape, x, y);
    this.handlers.over(where);
  }

  #pan(event, press) {
    this.stage.scrollBy((press.panX ?? press.x) - event.clientX, (press.panY ?? press.y) - event.clientY);
    [press.panX, press.panY] = [event.clientX, event.clientY];
  }

  #line(event, press) {
    const last = press.line ?? { x: press.x, y: press.y };
    if (!press.line) this.#corners.push(this.#corner({ clientX: press.x, clientY: press.y }));
    if (press.line && Math.hypot(event.clientX - last.x, event.clientY - last.y) < LINE_STEP) return;
    press.line = { x: event.clientX, y: event.clientY };
    this.#corners.push(this.#corner(event));
    this.#drawOutline();
  }

  #corner(event) {
    const { x, y } = this.#fractions(event);
    return [x, y];
  }

  #up(event) {
    const press = this.#press;
    if (!press || press.id !== event.pointerId) return;
    this.#press = null;
    if (this.mode === "area") return press.line ? this.closeOutline() : this.#addCorner(event, press.kind);
    const where = this.#whereIn(event);
    const dragged = press.dragging ? press.point : null;
    if (press.dragging && !dragged) return; // the page was scrolled
    if (press.tapped && !dragged) this.handlers.select(press.point.ref);
    else if (!where || where.blocked) this.handlers.outside(where, dragged?.ref ?? null);
    else if (dragged) this.handlers.move(dragged.ref, where);
    else this.handlers.place(where);
  }

  #addCorner(event, kind) {
    const [first] = this.#corners;
    const box = this.sheet.getBoundingClientRect();
    const away = first && Math.hypot(box.left + first[0] * box.width - event.clientX, box.top + first[1] * box.height - event.clientY);
    if (this.#corners.length > 2 && away <= CLOSE_REACH[kind]) return this.closeOutline();
    this.#corners.push(this.#corner(event));
    this.#drawOutline();
    this.handlers.corner(this.#corners.length);
  }

  #drawOutline() {
    if (!this.sheet) return;
    const { width, height } = this.#overlay().viewBox.baseVal;
    const line = this.#corners.map(([x, y]) => `${x * width} ${y * height}`).join("L");
    this.#layer("tracing").setAttribute("d", line && `M${line}`);
  }

  #cancel() {
    if (this.#press?.line) this.dropOutline();
    if (this.#press?.dragging && this.#press.point) this.handlers.outside(null, this.#press.point.ref);
    this.#press = null;
  }
}
