// Exact amounts: the same rules and the same arithmetic as the server's, in whole thousandths. Pure.

const AMOUNT = /^(0|[1-9][0-9]*)(?:[.,]([0-9]+))?$/;
const SHOWN_PLACES = 6n;
const SHOWN_DIGITS = 4;

// {thousandths: BigInt} or {error: a word of the page}. `places` digits after the separator, at most `max`; none at
// all only with `zero`.
export function parseAmount(typed, { places, max, zero = false }) {
  const text = typed.replace(/^ +| +$/g, "");
  const match = AMOUNT.exec(text);
  if (!match) return { error: "amountInvalid" };
  const [, whole, part = ""] = match;
  if (part.length === 3 && whole !== "0" && whole.length <= 3) return { error: "amountAmbiguous" };
  const figures = part.replace(/0+$/, "");
  if (figures.length > places) return { error: "amountPlaces" };
  const thousandths = BigInt(whole + figures.padEnd(3, "0"));
  if (thousandths === 0n && !zero) return { error: "amountPositive" };
  if (thousandths > BigInt(max) * 1000n) return { error: "amountMax" };
  return { thousandths };
}

export const DRAWN = { places: 3, max: 1000 };
export const COMPONENT = { places: 3, max: 1000, zero: true };
export const POINT = { places: 3, max: 10 };
export const DEPTH = { places: 1, max: 40 };

export function formatThousandths(value) {
  const sign = value < 0n ? "-" : "";
  const digits = (value < 0n ? -value : value).toString().padStart(4, "0");
  return sign + trimmed(`${digits.slice(0, -3)}.${digits.slice(-3)}`);
}

// A fraction as the value itself where it has at most 6 decimals, else its first 4 figures, half to even.
export function formatFraction(numerator, denominator) {
  const scaled = numerator * 10n ** SHOWN_PLACES;
  if (scaled % denominator === 0n) return decimal(scaled / denominator, Number(SHOWN_PLACES));
  let places = SHOWN_DIGITS - (numerator / denominator).toString().length;
  if (numerator < denominator) {
    places = SHOWN_DIGITS;
    while (numerator * 10n ** BigInt(places - SHOWN_DIGITS + 1) < denominator) places += 1;
  }
  const [top, bottom] = places >= 0 ? [numerator * 10n ** BigInt(places), denominator] : [numerator, denominator * 10n ** BigInt(-places)];
  let rounded = top / bottom;
  const twice = 2n * (top % bottom);
  if (twice > bottom || (twice === bottom && rounded % 2n === 1n)) rounded += 1n;
  return places >= 0 ? decimal(rounded, places) : (rounded * 10n ** BigInt(-places)).toString();
}

function decimal(units, places) {
  if (places === 0) return units.toString();
  const digits = units.toString().padStart(places + 1, "0");
  return trimmed(`${digits.slice(0, -places)}.${digits.slice(-places)}`);
}

function trimmed(text) {
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}
