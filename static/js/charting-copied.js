// A draft that began as a copy of an earlier session, compared with it. Pure.

import { parseAmount, POINT } from "./charting-amounts.js";
import { fill } from "./charting-parts.js";
import { isPhoto } from "./charting-regions.js";
import { countOf } from "./charting-state.js";

const source = (content, earlier) => earlier.find((session) => session.id === content.copied_from);
const sameAmount = (one, other) => parseAmount(one ?? "", POINT).thousandths === parseAmount(other ?? "", POINT).thousandths;
const samePlace = (group, old) => group.area === old.area && group.side === old.side;
const sameDrawing = (group, old) => samePlace(group, old) && (group.diagram ?? "") === old.diagram;
const samePoints = (group, old) => JSON.stringify(group.points ?? []) === JSON.stringify(old.points);

function sameWay(group, old) {
  const alike = sameDrawing(group, old) && group.technique === old.technique && countOf(group) === old.count;
  const amounts = sameAmount(group.volume_ml, old.volume_ml) && Number(group.depth_mm?.replace(",", ".")) === Number(old.depth_mm);
  return alike && amounts && samePoints(group, old) && (group.needle ?? "") === old.needle;
}

// Each group of the copy with the one it came from, and what is left of the session that was copied.
function paired(content, session) {
  const recipes = new Map(content.preparations.map((syringe) => [syringe.id, Number(syringe.version_id)]));
  const isSame = (group, old) => sameWay(group, old) && recipes.get(group.preparation) === old.version_id;
  const found = new Map(content.injections.map((group) => [group.id, "new"]));
  const left = [...session.groups];
  for (const isPair of [isSame, sameDrawing, samePlace]) {
    for (const group of content.injections) {
      const index = found.get(group.id) === "new" ? left.findIndex((old) => isPair(group, old)) : -1;
      if (index < 0) continue;
      const [was] = left.splice(index, 1);
      found.set(group.id, isPair === isSame ? "same" : { was });
    }
  }
  return { found, left };
}

// For each group of a copy: "same", {was: the old group} where it was changed, or "new". Nothing for other drafts.
export function sinceCopy(content, earlier) {
  const session = source(content, earlier);
  return session ? paired(content, session).found : new Map();
}

// From which session, and which of its places are no longer there; empty for a draft that is no copy.
export function copiedText(content, earlier, words, where) {
  const session = source(content, earlier);
  if (!session) return "";
  const gone = paired(content, session).left.filter((group) => !isPhoto(group.diagram));
  const names = [...new Set(gone.map(where))].join("; ");
  const photos = session.groups.some((group) => isPhoto(group.diagram)) && words.photosNotCopied;
  const text = fill(words.copiedFrom, { day: session.day });
  return [text, names && fill(words.notCopied, { areas: names }), photos].filter(Boolean).join(" ");
}
