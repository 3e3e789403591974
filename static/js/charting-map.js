// The drawing under the finger: says where somebody tapped, dragged or let go, and draws the points. Decides nothing.

const SVG = "http://www.w3.org/2000/svg";
const DRAG_FROM = 5; // pixels that a pointer moves before it is dragging
// Pixels from a point's middle within which a drag takes the point, and a tap selects it instead of placing another.
const DRAG_REACH = { mouse: 9, pen: 12, touch: 18 };
const TAP_REACH = { mouse: 6, pen: 7, touch: 9 };
const ZOOMS = [1, 1.5, 2, 3, 4];
const fraction = (value) => Math.round(Math.min(1, Math.max(0, value)) * 10000) / 10000;

export class PointMap {
  #press = null;
  #zoom = 0;
  #points = [];

  // handlers: place(where), move(ref, where), select(ref or null), outside(region or null), over(region or null).
  // A region is {area, side, blocked}; where is a region with {diagram, x, y}, x and y fractions of the drawing.
  constructor(stage, marks, handlers) {
    this.stage = stage;
    this.marks = marks;
    this.handlers = handlers;
    this.sheets = new Map([...stage.querySelectorAll("[data-sheet]")].map((sheet) => [sheet.dataset.sheet, sheet]));
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#moved(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", () => this.#cancel());
    stage.addEventListener("pointerleave", () => this.handlers.over(null));
    // A finger on a point drags the point; anywhere else it scrolls the page as usual.
    stage.addEventListener("touchstart", (event) => this.#holdPage(event), { passive: false });
    new ResizeObserver(() => this.#fit()).observe(stage);
  }

  show(diagram) {
    this.diagram = diagram;
    for (const [key, sheet] of this.sheets) sheet.hidden = key !== diagram;
    this.stage.scrollTo(0, 0);
    this.#fit();
  }

  get sheet() {
    return this.sheets.get(this.diagram);
  }

  // points: [{x, y, tone, ref, selected}] of the drawing that is shown; rings: [[x, y]] of last time.
  draw(points, rings) {
    const { width, height } = this.#overlay().viewBox.baseVal;
    const place = ([x, y]) => `translate(${x * width} ${y * height}) scale(${this.#unit()})`;
    this.#points = points.map((point) => {
      const shape = document.createElementNS(SVG, "path");
      shape.setAttribute("class", `point tone-${point.tone}${point.selected ? " selected" : ""}`);
      shape.setAttribute("d", this.marks[point.tone]);
      shape.setAttribute("transform", place([point.x, point.y]));
      return { ...point, shape };
    });
    this.#overlay().querySelector(".points").replaceChildren(...this.#points.map((point) => point.shape));
    const circles = rings.map((ring) => {
      const circle = document.createElementNS(SVG, "circle");
      circle.setAttribute("class", "ring");
      circle.setAttribute("r", "4");
      circle.setAttribute("transform", place(ring));
      return circle;
    });
    this.#overlay().querySelector(".rings").replaceChildren(...circles);
  }

  zoom(step) {
    this.#zoom = Math.min(ZOOMS.length - 1, Math.max(0, this.#zoom + step));
    const { scrollLeft, scrollTop, clientWidth, clientHeight, scrollWidth, scrollHeight } = this.stage;
    const [middleX, middleY] = [(scrollLeft + clientWidth / 2) / scrollWidth, (scrollTop + clientHeight / 2) / scrollHeight];
    this.stage.style.setProperty("--zoom", ZOOMS[this.#zoom]);
    this.stage.scrollTo(middleX * this.stage.scrollWidth - clientWidth / 2, middleY * this.stage.scrollHeight - clientHeight / 2);
    this.#fit();
  }

  // What lies at a point of the drawing given as fractions, for moving by keyboard.
  whereIs(x, y) {
    const box = this.sheet.getBoundingClientRect();
    const screen = this.#overlay().createSVGPoint();
    const { width, height } = this.#overlay().viewBox.baseVal;
    [screen.x, screen.y] = [x * width, y * height];
    const path = [...this.sheet.querySelectorAll(".region")].findLast((region) => region.isPointInFill(screen));
    return box.width && path ? { ...region(path), diagram: this.diagram, x: fraction(x), y: fraction(y) } : null;
  }

  #overlay() {
    return this.sheet.querySelector(".overlay");
  }

  // One pixel of the screen in the drawing's units: dots keep their size at every zoom.
  #unit() {
    return this.#overlay().viewBox.baseVal.width / (this.sheet.clientWidth || 1);
  }

  #fit() {
    if (!this.sheet) return;
    const scale = ` scale(${this.#unit()})`;
    for (const mark of this.#overlay().querySelectorAll("[transform]")) {
      mark.setAttribute("transform", mark.getAttribute("transform").replace(/ scale\(.*/, scale));
    }
  }

  #whereIn(event) {
    const box = this.sheet.getBoundingClientRect();
    const under = document.elementsFromPoint(event.clientX, event.clientY);
    const path = under.find((element) => element.classList.contains("region") && this.sheet.contains(element));
    const place = {
      diagram: this.diagram,
      x: fraction((event.clientX - box.left) / box.width),
      y: fraction((event.clientY - box.top) / box.height),
    };
    return path ? { ...region(path), ...place } : null;
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
    if (event.touches.length === 1 && this.#pointAt(event.touches[0], DRAG_REACH.touch)[0]) event.preventDefault();
  }

  #down(event) {
    if (!event.isPrimary || event.button !== 0 || !this.sheet.contains(event.target)) return;
    const kind = event.pointerType in DRAG_REACH ? event.pointerType : "touch";
    const [point, distance] = this.#pointAt(event, DRAG_REACH[kind]);
    const tapped = point && distance <= TAP_REACH[kind];
    this.#press = { id: event.pointerId, x: event.clientX, y: event.clientY, point, tapped, dragging: false };
    if (point) this.stage.setPointerCapture(event.pointerId);
  }

  #moved(event) {
    const press = this.#press;
    if (!press || press.id !== event.pointerId) {
      if (event.pointerType === "mouse" && this.sheet) this.handlers.over(this.#whereIn(event));
      return;
    }
    if (Math.hypot(event.clientX - press.x, event.clientY - press.y) > DRAG_FROM) press.dragging = true;
    if (!press.dragging || !press.point) return;
    const box = this.sheet.getBoundingClientRect();
    const { width, height } = this.#overlay().viewBox.baseVal;
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    press.point.shape.setAttribute("transform", `translate(${x * width} ${y * height}) scale(${this.#unit()})`);
    this.handlers.over(this.#whereIn(event));
  }

  #up(event) {
    const press = this.#press;
    if (!press || press.id !== event.pointerId) return;
    this.#press = null;
    const where = this.#whereIn(event);
    const dragged = press.dragging ? press.point : null;
    if (press.dragging && !dragged) return; // the page was scrolled
    if (press.tapped && !dragged) this.handlers.select(press.point.ref);
    else if (!where || where.blocked) this.handlers.outside(where, dragged?.ref ?? null);
    else if (dragged) this.handlers.move(dragged.ref, where);
    else this.handlers.place(where);
  }

  #cancel() {
    if (this.#press?.dragging && this.#press.point) this.handlers.outside(null, this.#press.point.ref);
    this.#press = null;
  }
}

function region(path) {
  return { area: path.dataset.area, side: path.dataset.side, blocked: path.classList.contains("blocked") };
}
