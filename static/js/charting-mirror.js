// Left to right and back: points are put where the same place lies on the other side. Pure.

import { groupFor, newId } from "./charting-state.js";

const OTHER = { left: "right", right: "left" };
const NEAR = 0.0005; // of the drawing: a point that lies there already is not put again

// The drawing that shows the other side: itself, for those that show both.
export function otherDrawing(diagram) {
  const [name, side] = [diagram.slice(0, diagram.lastIndexOf("_")), diagram.slice(diagram.lastIndexOf("_") + 1)];
  return OTHER[side] ? `${name}_${OTHER[side]}` : diagram;
}

// The content with the points of `groups` on the other side too; how many came, and for how many there is no place.
// place(diagram, x, y) gives {area, side, diagram, x, y} where something may be charted, else null.
export function mirrored(content, groups, place) {
  let [injections, added, lost] = [content.injections, 0, 0];
  for (const group of groups) {
    if (!group.points?.length) {
      if (!OTHER[group.side] || injections.some((known) => isTwin(known, group))) continue;
      injections = [...injections, { ...group, id: newId(injections, "i"), side: OTHER[group.side] }];
      added += Number(group.count) || 0;
    }
    for (const [x, y] of group.points ?? []) {
      const target = otherDrawing(group.diagram);
      const where = place(target, 1 - x, y);
      if (!where) lost += 1;
      else if (!isTaken(injections, where)) {
        injections = withPoint(injections, group, where);
        added += 1;
      }
    }
  }
  return { content: added ? { ...content, injections } : content, added, lost };
}

export const isTaken = (injections, { diagram, x, y }) =>
  injections.some((group) => group.diagram === diagram && group.points?.some(([px, py]) => Math.hypot(px - x, py - y) < NEAR));

const isTwin = (known, group) =>
  !known.points?.length && known.area === group.area && known.side === OTHER[group.side] && known.count === group.count && known.preparation === group.preparation;

function withPoint(injections, group, { area, side, diagram, x, y }) {
  const wanted = { ...group, area, side, diagram };
  const like = groupFor(injections, wanted);
  if (like) return injections.map((known) => (known === like ? { ...known, points: [...known.points, [x, y]] } : known));
  return [...injections, { ...wanted, id: newId(injections, "i"), points: [[x, y]] }];
}
