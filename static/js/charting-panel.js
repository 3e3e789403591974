// The right-hand side of the charting page: syringes, values of the next points, totals, list of groups. Draws what
// the draft holds and says what somebody did there; the markup is the page's own, from its templates.

import { countOf, totals, volumeOf } from "./charting-state.js";
import { DEPTH, POINT, formatFraction, formatThousandths, parseAmount } from "./charting-amounts.js";
import { element, fill, part } from "./charting-parts.js";
import { SyringeCards } from "./charting-syringes.js";

const SVG = "http://www.w3.org/2000/svg";
const TOOL = ["preparation", "technique", "needle", "depth_mm", "volume_ml"];
const NOBREAK = "\u00a0";

export { element, fill, part };
const fieldOf = (root, name) => root.querySelector(`[data-field="${name}"]`);

export class Panel {
  constructor(data) {
    this.data = data;
    this.words = data.words;
    this.versions = new Map(data.versions.map((version) => [version.id, version]));
    this.tool = document.getElementById("add-points");
    this.cards = new SyringeCards(data, this.versions, {
      name: (entry) => this.versionName(entry),
      mark: (tone) => this.mark(tone),
      tone: (content, id) => this.tone(content, id),
    });
  }

  // names -----------------------------------------------------------------------------------------------------

  where({ area, side }) {
    const name = this.data.areas[area]?.name ?? (area || this.words.unknownArea);
    const label = this.data.sides[side];
    return label ? `${name}, ${label.toLowerCase()}` : name;
  }

  pointsText(count) {
    return count === 1 ? this.words.point : fill(this.words.points, { count });
  }

  tone(content, id) {
    return Math.max(0, content.preparations.findIndex((entry) => entry.id === id)) % this.data.marks.length;
  }

  mark(tone) {
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("class", `mark-sample tone-${tone}`);
    picture.setAttribute("viewBox", "-7 -7 14 14");
    picture.setAttribute("aria-hidden", "true");
    const shape = document.createElementNS(SVG, "path");
    shape.setAttribute("class", "point");
    shape.setAttribute("d", this.data.marks[tone]);
    picture.append(shape);
    return picture;
  }

  versionName(syringe) {
    return this.versions.get(syringe.version_id)?.name ?? this.words.unknownSyringe;
  }

  drawSyringes(content) {
    this.cards.draw(content);
    this.#choices(content);
  }

  // The syringes that the next points can come from.
  #choices(content) {
    const select = fieldOf(this.tool, "preparation");
    const chosen = select.value;
    const options = content.preparations.map((entry, n) => element("option", { value: entry.id }, `${n + 1}. ${this.versionName(entry)}`));
    select.replaceChildren(select.options[0], ...options);
    const known = content.preparations.some((entry) => entry.id === chosen);
    select.value = known ? chosen : (content.preparations.at(-1)?.id ?? "");
  }

  // the values of the next points --------------------------------------------------------------------------------

  // The values, or the word for what is missing first and its field.
  readTool() {
    const value = (name) => fieldOf(this.tool, name).value.trim();
    const wanted = [
      ["preparation", "needSyringe", (text) => !text && "needSyringe"],
      ["technique", "needTechnique", (text) => !text && "needTechnique"],
      ["depth_mm", "needDepth", (text) => (text ? parseAmount(text, DEPTH).error : "needDepth")],
      ["volume_ml", "needVolume", (text) => (text ? parseAmount(text, POINT).error : "needVolume")],
    ];
    for (const [name, , check] of wanted) {
      const word = check(value(name));
      if (word) return { missing: word, field: fieldOf(this.tool, name) };
    }
    return { tool: Object.fromEntries([...wanted.map(([name]) => name), "needle"].map((name) => [name, value(name)])) };
  }

  // The values as they stand, also where some are missing or wrong.
  typedTool() {
    return Object.fromEntries(TOOL.map((name) => [name, fieldOf(this.tool, name).value.trim()]));
  }

  showTool(group) {
    for (const name of TOOL) fieldOf(this.tool, name).value = group[name] ?? "";
    this.checkTool();
  }

  // Beside each amount what is wrong with it, under the depth what is unusual, and the chip that is pressed.
  checkTool() {
    for (const [name, rule] of [["depth_mm", DEPTH], ["volume_ml", POINT]]) {
      const field = fieldOf(this.tool, name);
      const error = field.value.trim() && parseAmount(field.value, rule).error;
      field.classList.toggle("is-invalid", Boolean(error));
      this.error(name, error ? this.words[error] : "");
    }
    const volume = parseAmount(fieldOf(this.tool, "volume_ml").value, POINT).thousandths;
    for (const chip of this.tool.querySelectorAll("[data-volume]")) {
      chip.setAttribute("aria-pressed", String(parseAmount(chip.dataset.volume, POINT).thousandths === volume));
    }
    document.getElementById("depth-note").textContent = this.#depthNote();
  }

  error(name, text) {
    this.tool.querySelector(`[data-error="${name}"]`).textContent = text;
  }

  #depthNote() {
    const technique = this.data.techniques[fieldOf(this.tool, "technique").value];
    const depth = parseAmount(fieldOf(this.tool, "depth_mm").value, DEPTH).thousandths;
    if (!technique || depth === undefined) return "";
    const limit = (text) => (text ? parseAmount(text, DEPTH).thousandths : null);
    const say = (word, limitText) => fill(this.words[word], { depth: formatThousandths(depth), technique: technique.name, limit: limitText });
    if (limit(technique.depthMax) !== null && depth > limit(technique.depthMax)) return say("deeper", technique.depthMax);
    if (limit(technique.depthMin) !== null && depth < limit(technique.depthMin)) return say("shallower", technique.depthMin);
    return "";
  }

  // totals and list --------------------------------------------------------------------------------------------

  // `since` says of each group of a copy what became of it: "same", "new", or {was}.
  drawGroups(content, selected, since) {
    const template = document.getElementById("group-template").content.firstElementChild;
    const rows = content.injections.map((group) => {
      const row = template.cloneNode(true);
      row.id = `injections-${group.id}`;
      row.dataset.group = group.id;
      row.classList.toggle("selected", group.id === selected);
      part(row, "mark").replaceChildren(this.mark(this.tone(content, group.preparation)));
      part(row, "where").textContent = this.where(group);
      part(row, "what").textContent = [
        `${countOf(group) || group.count || "?"} × ${said(group.volume_ml, POINT, "mL")}`,
        said(group.depth_mm, DEPTH, "mm"),
        this.data.techniques[group.technique]?.name ?? group.technique,
        ...(group.points?.length ? [] : [this.words.byCount]),
        ...(group.spacing_mm ? [fill(this.words.grid, { spacing: group.spacing_mm })] : []),
      ].join(" · ");
      this.#sinceCopy(part(row, "since"), since.get(group.id));
      const unread = parseAmount(group.volume_ml ?? "", POINT).error ?? parseAmount(group.depth_mm ?? "", DEPTH).error;
      part(row, "total").textContent = unread ? this.words.unread : ml(volumeOf(group));
      row.classList.toggle("is-unread", Boolean(unread));
      row.querySelector('[data-act="select-group"]').setAttribute("aria-pressed", String(group.id === selected));
      return row;
    });
    document.getElementById("groups").replaceChildren(...rows);
    document.getElementById("no-groups").hidden = rows.length > 0;
  }

  #sinceCopy(place, found) {
    place.hidden = !found;
    place.classList.toggle("tag-note", found !== "same");
    const was = found?.was && { points: this.pointsText(found.was.count), volume: found.was.volume_ml, depth: found.was.depth_mm };
    place.textContent = was ? fill(this.words.wasThen, was) : found === "new" ? this.words.notThen : this.words.asThen;
  }

  drawTotals(content) {
    const sums = totals(content, this.versions);
    const place = document.getElementById("totals");
    const tables = document.getElementById("totals-template").content.cloneNode(true);
    const rows = {
      syringes: [...sums.syringes.values()].map((sum) => this.#syringeRow(content, sum)),
      areas: [...sums.areas.values()].map((sum) => row(this.where(sum), `${sum.points} ×`, ml(sum.volume))),
      ingredients: [...sums.ingredients.values()].map((sum) => row(sum.name, `${formatFraction(...sum.amount)}${NOBREAK}${sum.unit}`)),
    };
    part(tables, "volume").textContent = ml(sums.volume);
    part(tables, "points").textContent = this.pointsText(sums.points);
    for (const [name, made] of Object.entries(rows)) {
      part(tables, name).replaceChildren(...made);
      part(tables, name).closest("table").hidden = made.length === 0;
    }
    place.replaceChildren(tables);
    document.getElementById("stage-sum").textContent = `${ml(sums.volume)} · ${this.pointsText(sums.points)}`;
    place.classList.toggle("is-empty", sums.points === 0);
  }

  #syringeRow(content, { syringe, points, volume }) {
    const made = row(this.versionName(syringe), `${points} ×`, ml(volume));
    made.firstElementChild.prepend(this.mark(this.tone(content, syringe.id)), " ");
    return made;
  }
}

// An amount as it is read, and as it was typed where it cannot be
const said = (typed, rule, unit) => {
  const { error, thousandths } = parseAmount(typed ?? "", rule);
  return `${error ? typed : formatThousandths(thousandths)}${NOBREAK}${unit}`;
};
const ml = (thousandths) => `${formatThousandths(thousandths)}${NOBREAK}mL`;

function row(name, ...values) {
  return element("tr", {}, element("th", { scope: "row" }, name), ...values.map((value) => element("td", { class: "num" }, value)));
}
