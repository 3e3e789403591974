// What lies over and under the points: earlier sessions as grey rings, guides, the figure's outline. What is switched
// on is kept in this browser, as it says nothing of a patient.

import { fill } from "./charting-parts.js";

const KEPT = "drawing-layers";
const TOGETHER = 4; // sessions that are shown at once, to see which places were used lately

export class Layers {
  #shown = 0; // index of the earlier session, or -1 for the last ones together
  #isOn = true;

  constructor({ earlier, words, stage, changed }) {
    Object.assign(this, { earlier, words, stage, changed });
    this.place = document.getElementById("earlier");
    this.place?.addEventListener("keydown", (event) => this.#key(event));
    for (const choice of document.querySelectorAll("[data-layer]")) {
      choice.addEventListener("change", () => this.#choose());
    }
    this.#restore();
    this.refresh();
  }

  // Rings of the drawing that is shown: {x, y, age}, the age counted in sessions back.
  rings(diagram) {
    if (!this.#isOn) return [];
    const sessions = this.#shown < 0 ? this.earlier.slice(0, TOGETHER).map((session, age) => [session, age]) : [[this.earlier[this.#shown], 0]];
    return sessions.flatMap(([session, age]) =>
      (session?.groups ?? []).filter((group) => group.points.length && group.diagram === diagram).flatMap((group) => group.points.map(([x, y]) => ({ x, y, age }))),
    );
  }

  // When an area was treated last, in a few words; empty if it was not, of late.
  lastHere({ area, side }) {
    const session = this.earlier.find(({ areas }) => areas.some(([key, known]) => key === area && known === side));
    return session ? fill(this.words.lastHere, { ago: session.ago }) : "";
  }

  // Shows or hides what can be switched on.
  open(button) {
    const choices = document.getElementById("layers");
    choices.hidden = !choices.hidden;
    button.setAttribute("aria-expanded", String(!choices.hidden));
  }

  toggle() {
    this.#isOn = !this.#isOn;
    this.refresh();
    this.changed();
  }

  // One session back (1) or forward (-1); before the newest lie the last ones together.
  browse(step) {
    const first = this.earlier.length > 1 ? -1 : 0;
    this.#shown = Math.min(this.earlier.length - 1, Math.max(first, this.#shown + step));
    this.#isOn = true;
    this.refresh();
    this.changed();
  }

  refresh() {
    if (!this.place) return;
    const session = this.earlier[this.#shown];
    const count = Math.min(TOGETHER, this.earlier.length);
    const text = session ? `${session.day} · ${session.ago}` : fill(this.words.lastTogether, { count });
    this.place.querySelector("[data-part=earlier-when]").textContent = text;
    this.place.querySelector("[data-part=earlier-what]").textContent = session ? `${session.by} · ${session.what}` : "";
    this.place.querySelector('[data-act="earlier-back"]').disabled = this.#shown >= this.earlier.length - 1;
    this.place.querySelector('[data-act="earlier-on"]').disabled = this.#shown <= (this.earlier.length > 1 ? -1 : 0);
    document.querySelector('[data-act="rings"]').setAttribute("aria-pressed", String(this.#isOn));
    this.place.classList.toggle("is-off", !this.#isOn);
  }

  #key(event) {
    const step = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    this.browse(step);
  }

  #choose() {
    const chosen = {};
    for (const choice of document.querySelectorAll("[data-layer]")) {
      if (choice.type === "checkbox") chosen[choice.dataset.layer] = choice.checked;
      else if (choice.checked) chosen[choice.dataset.layer] = choice.value;
    }
    this.#apply(chosen);
    try {
      localStorage.setItem(KEPT, JSON.stringify(chosen));
    } catch {
      // a browser that keeps nothing: it is chosen again next time
    }
  }

  #restore() {
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(KEPT)) ?? {};
    } catch {
      // nothing usable was kept
    }
    for (const choice of document.querySelectorAll("[data-layer]")) {
      const value = kept[choice.dataset.layer];
      if (choice.type === "checkbox") choice.checked = value === true;
      else if (value !== undefined) choice.checked = choice.value === value;
    }
    this.#choose();
  }

  #apply(chosen) {
    for (const [name, value] of Object.entries(chosen)) {
      if (typeof value === "boolean") this.stage.classList.toggle(`show-${name}`, value);
      else this.stage.dataset[name] = value;
    }
  }
}
