// Zoom and pan of the drawing: two fingers, the wheel, the buttons. The drawing scrolls in its frame, so one finger
// pans as it does on any page. Decides nothing.
//
// While a gesture lasts, the picture that is there is only shown larger and elsewhere, which asks for no layout and no
// style of its hundreds of shapes; at the gesture's end it is drawn once, at its new size.

const LARGEST = 5;
const STEPS = [1, 1.5, 2, 3, 4, LARGEST];
const WHEEL_RESTS = 150; // ms without the wheel after which its gesture is over

export class Zoom {
  #zoom = 1;
  #fingers = new Map();
  #pinch = null;
  #gesture = null; // {sheet, frame, start, zoom, box}: where all was when it began, and where the drawing is now
  #rest = 0;

  // sheet() gives the drawing that is shown; changed() is called after its size has changed.
  constructor(stage, sheet, changed) {
    Object.assign(this, { stage, sheet, changed });
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#moved(event));
    for (const type of ["pointerup", "pointercancel"]) stage.addEventListener(type, (event) => this.#gone(event));
  }

  get isPinching() {
    return this.#pinch !== null;
  }

  step(direction) {
    this.#settle();
    const next = direction > 0 ? STEPS.find((step) => step > this.#zoom + 0.01) : STEPS.findLast((step) => step < this.#zoom - 0.01);
    const box = this.stage.getBoundingClientRect();
    this.#to(next ?? this.#zoom, box.left + box.width / 2, box.top + box.height / 2);
    this.#settle();
  }

  reset() {
    this.#drop();
    this.#zoom = 1;
    this.stage.style.setProperty("--zoom", 1);
    this.stage.scrollTo(0, 0);
    this.changed();
  }

  // What lies under the given pixel of the screen stays there, or comes there from another.
  #to(zoom, atX, atY, fromX = atX, fromY = atY) {
    this.#gesture ??= this.#begin();
    const { frame, start, box } = this.#gesture;
    this.#zoom = Math.min(LARGEST, Math.max(1, zoom));
    const grown = this.#zoom / this.#gesture.zoom;
    const [width, height] = [start.width * grown, start.height * grown];
    const left = atX - ((fromX - box.left) * width) / box.width;
    const top = atY - ((fromY - box.top) * height) / box.height;
    const narrow = (frame.width - width) / 2;
    this.#gesture.box = {
      width, height,
      left: narrow > 0 ? frame.left + narrow : within(left, frame.left, frame.width - width),
      top: height < frame.height ? frame.top : within(top, frame.top, frame.height - height),
    };
    this.#show();
  }

  #begin() {
    const sheet = this.sheet();
    const { left, top } = this.stage.getBoundingClientRect();
    const { clientLeft, clientTop, clientWidth: width, clientHeight: height } = this.stage;
    const start = sheet.getBoundingClientRect();
    this.stage.classList.add("is-zooming");
    return { sheet, frame: { left: left + clientLeft, top: top + clientTop, width, height }, start, zoom: this.#zoom, box: start };
  }

  // The layers are moved and not the sheet: its own size says how far the frame can be scrolled.
  #show() {
    const { sheet, start, zoom, box } = this.#gesture;
    const moved = `translate(${box.left - start.left}px, ${box.top - start.top}px) scale(${this.#zoom / zoom})`;
    for (const layer of sheet.children) layer.style.transform = moved;
  }

  #settle() {
    if (!this.#gesture) return;
    const { sheet, box } = this.#gesture;
    this.#drop();
    this.stage.style.setProperty("--zoom", this.#zoom);
    const { left, top } = sheet.getBoundingClientRect();
    this.stage.scrollBy(left - box.left, top - box.top);
    this.changed();
  }

  #drop() {
    clearTimeout(this.#rest);
    for (const layer of this.#gesture?.sheet.children ?? []) layer.style.transform = "";
    this.stage.classList.remove("is-zooming");
    this.#gesture = null;
  }

  // The wheel scrolls the page as everywhere, until somebody works on the drawing, or holds Ctrl.
  #wheel(event) {
    const smaller = event.deltaY > 0;
    if (!event.ctrlKey && !this.stage.contains(document.activeElement)) return;
    if (smaller && this.#zoom === 1 && !event.ctrlKey) return;
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 24 : event.deltaY;
    this.#to(this.#zoom * Math.exp(-Math.max(-120, Math.min(120, pixels)) / (event.ctrlKey ? 120 : 400)), event.clientX, event.clientY);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#settle(), WHEEL_RESTS);
  }

  #down(event) {
    this.#settle();
    if (event.pointerType !== "touch") return;
    this.#fingers.set(event.pointerId, event);
    if (this.#fingers.size === 2) this.#pinch = { ...this.#middle(), zoom: this.#zoom, start: this.#spread() };
  }

  #moved(event) {
    if (!this.#fingers.has(event.pointerId)) return;
    this.#fingers.set(event.pointerId, event);
    if (!this.#pinch || this.#fingers.size !== 2) return;
    const { x, y } = this.#middle();
    this.#to((this.#pinch.zoom * this.#spread()) / this.#pinch.start, x, y, this.#pinch.x, this.#pinch.y);
    Object.assign(this.#pinch, { x, y });
  }

  #gone(event) {
    this.#fingers.delete(event.pointerId);
    if (this.#pinch) this.#settle();
    if (this.#fingers.size === 0) this.#pinch = null;
  }

  #middle() {
    const [one, two] = [...this.#fingers.values()];
    return { x: (one.clientX + two.clientX) / 2, y: (one.clientY + two.clientY) / 2 };
  }

  #spread() {
    const [one, two] = [...this.#fingers.values()];
    return Math.max(10, Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY));
  }
}

// As far as the frame can be scrolled: `left` and no more than `room` (which is less than nothing) before it.
const within = (place, edge, room) => Math.min(edge, Math.max(edge + room, place));
