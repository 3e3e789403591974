// Photos that points are put on: added and removed over the network, and the area that is chosen beside them, as a
// photo does not say what it shows.

import { element, fill, on, part } from "./charting-parts.js";
import { isPhoto } from "./charting-regions.js";

export class Photos {
  // switchTo(diagram) shows a drawing; saver() gives what saves the draft.
  constructor({ data, draft, panel, map, saver, switchTo }) {
    Object.assign(this, { data, words: data.words, draft, panel, map, saver, switchTo });
    [this.bar, this.place] = ["bar", "place"].map((name) => document.getElementById(`photo-${name}`));
    [this.area, this.side, this.says, this.error] = ["area", "side", "says", "error"].map((name) => document.getElementById(`photo-${name}`));
    this.form = part(this.bar, "add");
    this.file = this.form.elements.photo;
    this.area.addEventListener("change", () => this.#choose(this.area.value, ""));
    this.side.addEventListener("change", () => this.#choose(this.area.value, this.side.value));
    this.file.addEventListener("change", () => this.file.files.length && this.#add());
    this.form.addEventListener("submit", (event) => (event.preventDefault(), this.#add()));
    on(this.bar, "click", '[data-act="remove-photo"]', () => this.#remove());
    on(this.map.stage, "dragstart", "img", (event) => event.preventDefault());
  }

  // What is missing before a point can be put on a photo, with its field; null when nothing is.
  get missing() {
    if (!this.area.value) return { missing: "needArea", field: this.area };
    return this.side.value ? null : { missing: "needSide", field: this.side };
  }

  // Without a photo yet there is only the way to add one.
  open() {
    this.bar.hidden = false;
    this.file.focus();
  }

  shown(diagram) {
    const onPhoto = isPhoto(diagram);
    this.bar.hidden = !onPhoto;
    this.place.hidden = !onPhoto;
    this.bar.querySelector('[data-act="remove-photo"]').hidden = !onPhoto;
    this.error.textContent = "";
    if (this.asked) this.says.textContent = "";
    this.asked = null; // the photo whose removal was asked for once
    const last = this.draft.content.injections.findLast((group) => isPhoto(group.diagram));
    if (onPhoto && !this.area.value && last) this.#choose(last.area, last.side);
  }

  // A side is never guessed: where an area has two, one is chosen.
  #choose(area, side) {
    const sides = this.data.areas[area]?.sides ?? [];
    const chosen = sides.length === 1 ? sides[0] : sides.includes(side) ? side : "";
    this.area.value = area;
    const choices = sides.length > 1 ? ["", ...sides] : sides;
    this.side.replaceChildren(...choices.map((key) => element("option", { value: key }, this.data.sides[key] || "–")));
    this.side.value = chosen;
    part(this.place, "side").hidden = sides.length < 2;
    this.map.chosen = { area, side: chosen };
    for (const field of [this.area, this.side]) field.classList.remove("is-invalid");
  }

  async #add() {
    this.#tell(this.words.photoSending, "");
    const answer = await this.#post(this.form.action, new FormData(this.form));
    part(this.form, "again").hidden = Boolean(answer?.key) || Boolean(answer?.message);
    if (!answer?.key) return this.#tell("", answer?.message ?? this.words[answer ? "photoRefused" : "photoOffline"]);
    this.form.reset();
    this.map.addSheet(answer);
    document.querySelector(".stage-sides").insertAdjacentHTML("beforeend", answer.button);
    this.#list((keys) => [...keys, answer.key]);
    this.switchTo(answer.key);
    this.#tell(this.words.photoPlace, "");
  }

  async #remove() {
    const key = this.map.diagram;
    const count = this.draft.content.injections.reduce((sum, group) => sum + (group.diagram === key ? group.points.length : 0), 0);
    if (count) return this.#tell("", fill(this.words.photoHasPoints, { points: this.panel.pointsText(count) }));
    if (this.asked !== key) {
      this.asked = key;
      return this.#tell(this.words.photoRemove, "");
    }
    await this.saver().flush();
    const answer = await this.#post(this.map.sheet.querySelector("img").dataset.remove, new FormData());
    if (!answer?.done) return this.#tell("", answer?.message ?? this.words[answer ? "photoRefused" : "photoOffline"]);
    this.map.dropSheet(key);
    document.querySelector(`[data-diagram-button="${key}"]`).remove();
    const [next] = this.#list((keys) => keys.filter((known) => known !== key));
    this.switchTo(next ?? "body_front");
  }

  // The answer of the server, {} where it is none of this page's, null without a connection.
  async #post(url, body) {
    try {
      const headers = { Accept: "application/json", "X-CSRFToken": this.saver().csrf };
      const response = await fetch(url, { method: "POST", headers, body });
      if (response.status === 204) return { done: true };
      return response.status === 200 || response.status === 422 ? await response.json().catch(() => ({})) : {};
    } catch {
      return null;
    }
  }

  // The photos that the view's button leads to, numbered again.
  #list(change) {
    const view = document.querySelector('[data-view="photo"]');
    const keys = change(view.dataset.diagrams.split(" ").filter(Boolean));
    view.dataset.diagrams = keys.join(" ");
    keys.forEach((key, n) => {
      document.querySelector(`[data-diagram-button="${key}"]`).firstChild.data = fill(this.words.photoNumber, { number: n + 1 });
    });
    return keys;
  }

  #tell(said, error) {
    this.says.textContent = said;
    this.error.textContent = error;
  }
}
