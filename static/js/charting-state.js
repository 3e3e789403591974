// The draft: what is charted, changed by pure functions, with undo and redo. Knows no page and no server.

import { POINT, parseAmount } from "./charting-amounts.js";
import { perMl } from "./charting-mixture.js";

export const MAX_POINTS = 2000; // of one group, as the server takes them

const HISTORY = 200;

export function blank(content) {
  return { preparations: [], injections: [], indication: "", note: "", reactions: "", advice: "", reasons: {}, ...content };
}

// Undo goes over points and syringes; what is typed into the notes has the field's own undo.
export class Draft {
  #past = [];
  #future = [];
  #listeners = [];

  constructor(content) {
    this.content = blank(content);
  }

  onChange(listener) {
    this.#listeners.push(listener);
  }

  // A step that can be undone.
  step(content) {
    if (content === this.content) return;
    this.#past.push(this.#charted());
    if (this.#past.length > HISTORY) this.#past.shift();
    this.#future = [];
    this.#set(content);
  }

  // Typing: the present changes, and is no step of its own.
  type(content) {
    this.#set(content);
  }

  // Another draft altogether.
  replace(content) {
    this.#past = [];
    this.#future = [];
    this.#set(blank(content));
  }

  undo() {
    this.#travel(this.#past, this.#future);
  }

  redo() {
    this.#travel(this.#future, this.#past);
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  #travel(from, to) {
    if (!from.length) return;
    to.push(this.#charted());
    this.#set({ ...this.content, ...from.pop() });
  }

  #charted() {
    const { preparations, injections } = this.content;
    return { preparations, injections };
  }

  #set(content) {
    this.content = content;
    this.#listeners.forEach((listener) => listener(content));
  }
}

const ALIKE = ["preparation", "area", "side", "diagram", "technique", "needle", "depth_mm", "volume_ml", "spacing_mm"];

export function newId(entries, letter) {
  const used = new Set(entries.map((entry) => entry.id));
  let n = 1;
  while (used.has(letter + n)) n += 1;
  return letter + n;
}

// The group that takes another point with these values: of its like, and not full.
export const groupFor = (injections, values) =>
  injections.find(({ points, ...group }) => points?.length && points.length < MAX_POINTS && ALIKE.every((name) => (group[name] ?? "") === (values[name] ?? "")));

// A point with the values of `tool` at `place` ({area, side, diagram, x, y}): into the group of its like, or a new one.
export function addPoint(content, tool, place) {
  const { x, y, ...where } = place;
  const values = { ...tool, ...where };
  const like = groupFor(content.injections, values);
  if (like) return withGroup(content, like.id, { points: [...like.points, [x, y]] });
  const group = { id: newId(content.injections, "i"), ...values, points: [[x, y]] };
  return { ...content, injections: [...content.injections, group] };
}

export const addPoints = (content, tool, places) => places.reduce((grown, place) => addPoint(grown, tool, place), content);

export function addCount(content, tool, { area, side, count }) {
  const group = { id: newId(content.injections, "i"), ...tool, area, side, diagram: "", points: [], count };
  return { ...content, injections: [...content.injections, group] };
}

export function removePoint(content, { group: id, index }) {
  const group = content.injections.find((entry) => entry.id === id);
  const points = group.points.filter((_point, place) => place !== index);
  return points.length ? withGroup(content, id, { points }) : removeGroup(content, id);
}

// Where a point goes, its area follows. Within its area it keeps its place in the group; elsewhere it is of no grid.
export function movePoint(content, ref, place) {
  const group = content.injections.find((entry) => entry.id === ref.group);
  if (group.area === place.area && group.side === place.side && group.diagram === place.diagram) {
    const points = group.points.map((point, index) => (index === ref.index ? [place.x, place.y] : point));
    return withGroup(content, ref.group, { points });
  }
  const { id: _id, points: _points, count: _count, area: _area, side: _side, diagram: _diagram, spacing_mm: _spacing, ...tool } = group;
  return addPoint(removePoint(content, ref), tool, place);
}

// The point that lies at `place`, for keeping a moved one selected.
export function findPoint(content, { diagram, x, y }) {
  for (const group of content.injections) {
    if (group.diagram !== diagram) continue;
    const index = (group.points ?? []).findIndex(([px, py]) => px === x && py === y);
    if (index >= 0) return { group: group.id, index };
  }
  return null;
}

export function withGroup(content, id, values) {
  return { ...content, injections: content.injections.map((group) => (group.id === id ? { ...group, ...values } : group)) };
}

export function removeGroup(content, id) {
  return { ...content, injections: content.injections.filter((group) => group.id !== id) };
}

// A place is given out once, also when its syringe was taken out again: undo does not turn `drawn_up` back.
export function addSyringe(content, entry) {
  const places = content.preparations.map((known) => Number(known.id.slice(1)));
  const place = Math.max(content.drawn_up ?? 0, ...places) + 1;
  return { ...content, preparations: [...content.preparations, { id: `p${place}`, ...entry }], drawn_up: place };
}

export function withSyringe(content, id, values) {
  return { ...content, preparations: content.preparations.map((entry) => (entry.id === id ? { ...entry, ...values } : entry)) };
}

export function removeSyringe(content, id) {
  return {
    ...content,
    preparations: content.preparations.filter((entry) => entry.id !== id),
    injections: content.injections.filter((group) => group.preparation !== id),
  };
}

export function countOf(group) {
  if (group.points?.length) return group.points.length;
  return /^[0-9]{1,4}$/.test(group.count ?? "") ? Number(group.count) : 0;
}

// Thousandths of a mL; 0 while the amount cannot be read.
export function volumeOf(group) {
  return (parseAmount(group.volume_ml ?? "", POINT).thousandths ?? 0n) * BigInt(countOf(group));
}

// Everything added up, exactly: volumes in thousandths of a mL, ingredients as [numerator, denominator] of their unit.
export function totals(content, versions) {
  const sums = { points: 0, volume: 0n, syringes: new Map(), areas: new Map(), ingredients: new Map() };
  for (const syringe of content.preparations) sums.syringes.set(syringe.id, { syringe, points: 0, volume: 0n });
  for (const group of content.injections) {
    const [points, volume] = [countOf(group), volumeOf(group)];
    const key = `${group.area}/${group.side}`;
    const area = sums.areas.get(key) ?? { area: group.area, side: group.side, points: 0, volume: 0n };
    sums.areas.set(key, area);
    for (const sum of [sums, area, sums.syringes.get(group.preparation)]) {
      if (!sum) continue;
      sum.points += points;
      sum.volume += volume;
    }
  }
  for (const { syringe, volume } of sums.syringes.values()) {
    if (!volume) continue;
    for (const { line, amount } of perMl(syringe, versions.get(syringe.version_id))) addIngredient(sums.ingredients, line, amount, volume);
  }
  return sums;
}

function addIngredient(ingredients, line, [top, bottom], volume) {
  const key = `${line.ingredient}/${line.unit}`;
  const known = ingredients.get(key) ?? { name: line.ingredient, unit: line.unit, amount: [0n, 1n] };
  const [sumTop, sumBottom] = known.amount;
  const [addTop, addBottom] = [top * volume, bottom * 1000n];
  known.amount = [sumTop * addBottom + addTop * sumBottom, sumBottom * addBottom];
  ingredients.set(key, known);
}
