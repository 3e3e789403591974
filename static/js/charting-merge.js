// Two changes of one draft brought together: what only one side changed is taken from that side.

import { MAX_POINTS } from "./charting-state.js";

const LISTS = new Set(["preparations", "injections"]); // entries go by their id
const MAPS = new Set(["reasons", "findings"]); // values go by their key

// The content with both sides' changes since `base`; null when both changed the same thing, and somebody must choose.
export function merged(base, mine, theirs) {
  const content = {};
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const value = part(name, base[name], mine[name], theirs[name]);
    if (value === CLASH) return null;
    if (value !== undefined) content[name] = value;
  }
  return content;
}

const CLASH = Symbol("both sides changed it");

function part(name, base, mine, theirs) {
  if (name === "drawn_up") return Math.max(mine ?? 0, theirs ?? 0);
  if (LISTS.has(name)) return entries(name, base ?? [], mine ?? [], theirs ?? []);
  if (MAPS.has(name)) return values(base ?? {}, mine ?? {}, theirs ?? {});
  return either(base, mine, theirs);
}

function either(base, mine, theirs) {
  if (alike(mine ?? "", theirs ?? "") || alike(base ?? "", theirs ?? "")) return mine;
  return alike(base ?? "", mine ?? "") ? theirs : CLASH;
}

function values(base, mine, theirs) {
  const found = {};
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const value = either(base[key], mine[key], theirs[key]);
    if (value === CLASH) return CLASH;
    if (value !== undefined) found[key] = value;
  }
  return found;
}

function entries(name, base, mine, theirs) {
  const [known, ours, others] = [base, mine, theirs].map((list) => new Map(list.map((entry) => [entry.id, entry])));
  const found = [];
  const added = [];
  for (const id of new Set([...others.keys(), ...ours.keys()])) {
    const [before, my, their] = [known.get(id), ours.get(id), others.get(id)];
    let entry = either(before, my, their);
    if (entry === CLASH && name === "injections") {
      entry = bothTapped(before ?? { ...my, points: [] }, my, their);
      if (entry === CLASH && !before) {
        added.push(my);
        entry = their;
      }
    }
    if (entry === CLASH) return CLASH;
    if (entry) found.push(entry);
  }
  for (const entry of added) found.push({ ...entry, id: freeId(found) });
  return found;
}

// A group to which both sides only added points; a point that both have is one point.
function bothTapped(base, mine, theirs) {
  const bare = ({ points: _points, ...rest } = {}) => rest;
  const points = (entry) => entry?.points ?? [];
  const grew = (entry) => entry && alike(bare(entry), bare(base)) && alike(points(entry).slice(0, points(base).length), points(base));
  if (!points(mine).length || !points(theirs).length || !grew(mine) || !grew(theirs)) return CLASH;
  const [ours, others] = [mine, theirs].map((entry) => points(entry).slice(points(base).length));
  const all = [...points(theirs), ...ours.filter((point) => !others.some((other) => alike(point, other)))];
  return all.length > MAX_POINTS ? CLASH : { ...base, points: all };
}

function freeId(entries) {
  const used = new Set(entries.map((entry) => entry.id));
  let n = 1;
  while (used.has(`i${n}`)) n += 1;
  return `i${n}`;
}

// Equal values, whatever the order of their keys.
export function alike(one, other) {
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && alike(one[key], other[key]));
}
