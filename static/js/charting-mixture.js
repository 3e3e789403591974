// What is in a syringe: the same arithmetic as the server's (mixture.py), in whole thousandths of a mL. Pure.

import { COMPONENT, DRAWN, parseAmount } from "./charting-amounts.js";

// All components of a syringe with what the recipe gives for its volume and what was drawn up; [] while the volume
// cannot be read. An amount that cannot be read counts as the recipe's, and has an `error`.
export function partsOf(entry, version) {
  const volume = parseAmount(entry.volume_ml ?? "", DRAWN).thousandths;
  if (volume === undefined || !version) return [];
  return version.lines.map((line) => {
    const [top, bottom] = line.share.map(BigInt);
    const recipe = rounded(top * volume, bottom);
    const typed = (entry.amounts?.[line.id] ?? "").trim();
    const read = typed ? parseAmount(typed, COMPONENT) : { thousandths: recipe };
    const drawn = read.thousandths ?? recipe;
    return { line, recipe, drawn, changed: drawn !== recipe, error: read.error };
  });
}

export const isVaried = (parts) => parts.some((part) => part.changed);

// What is in the syringe, in thousandths; undefined while its volume cannot be read.
export function volumeIn(entry, version) {
  const parts = partsOf(entry, version);
  if (isVaried(parts)) return parts.reduce((sum, part) => sum + part.drawn, 0n);
  return parseAmount(entry.volume_ml ?? "", DRAWN).thousandths;
}

// How much of each component is in 1 mL: in its unit, or in mL where the recipe gives no strength.
export function perMl(entry, version) {
  const parts = partsOf(entry, version);
  if (!isVaried(parts)) return (version?.lines ?? []).map((line) => ({ line, amount: line.perMl.map(BigInt) }));
  const total = parts.reduce((sum, part) => sum + part.drawn, 0n);
  return parts.filter((part) => part.drawn).map(({ line, drawn }) => {
    const [top, bottom] = (line.strength ?? ["1", "1"]).map(BigInt);
    return { line, amount: [top * drawn, bottom * total] };
  });
}

// What all syringes of the draft take from each lot.
export function wantedOfLots(content, versions) {
  const wanted = new Map();
  for (const entry of content.preparations) {
    for (const { line, drawn } of partsOf(entry, versions.get(entry.version_id))) {
      const lot = entry.lots?.[line.id];
      if (lot) wanted.set(lot, (wanted.get(lot) ?? 0n) + drawn);
    }
  }
  return wanted;
}

// The first of the offers that may be used and holds enough beside what other syringes take; null if there is none.
export function proposed(offers, amount, taken = new Map()) {
  const enough = (offer) => offer.thousandths === null || BigInt(offer.thousandths) >= amount + (taken.get(offer.id) ?? 0n);
  return offers.find((offer) => !offer.whyNot && enough(offer))?.id ?? null;
}

// The lot proposed for each line of a new syringe.
export function proposedLots(entry, version, lots, taken) {
  return Object.fromEntries(partsOf(entry, version).map(({ line, drawn }) => [line.id, proposed(lots[line.ingredientId] ?? [], drawn, taken)]));
}

// The number on the label (numbers.py): session, place, and a check character by ISO/IEC 7064 MOD 37,36.
export function mixtureNumber(session, syringeId) {
  const body = `M-${session}-${syringeId.slice(1).padStart(2, "0")}`;
  let check = 36;
  for (const character of body.replaceAll("-", "")) {
    check = (check + parseInt(character, 36)) % 36 || 36;
    check = (check * 2) % 37;
  }
  return `${body}-${((37 - check) % 36).toString(36).toUpperCase()}`;
}

// Half to even.
function rounded(top, bottom) {
  const twice = 2n * (top % bottom);
  const whole = top / bottom;
  return twice > bottom || (twice === bottom && whole % 2n === 1n) ? whole + 1n : whole;
}
