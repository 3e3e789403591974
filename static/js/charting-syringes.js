// The cards of the syringes: volume, components with their lots, what was varied. Draws what the draft holds; the
// markup is the page's own, from its templates.

import { DRAWN, formatThousandths, parseAmount } from "./charting-amounts.js";
import { isVaried, mixtureNumber, partsOf, proposed, volumeIn, wantedOfLots } from "./charting-mixture.js";
import { element, fill, part } from "./charting-parts.js";
import { totals } from "./charting-state.js";

export class SyringeCards {
  constructor(data, versions, { name, mark, tone }) {
    Object.assign(this, { data, words: data.words, versions, name, mark, tone });
    this.list = document.getElementById("syringes");
  }

  // Cards are made anew only when syringes come or go, so that nobody's typing is disturbed.
  draw(content) {
    const ids = content.preparations.map((entry) => entry.id).join(" ");
    if (this.list.dataset.ids !== ids) {
      const known = (this.list.dataset.ids ?? ids).split(" ");
      this.list.replaceChildren(...content.preparations.map((entry) => this.#card(content, entry, !known.includes(entry.id))));
      this.list.dataset.ids = ids;
    }
    const sums = totals(content, this.versions).syringes;
    const wanted = wantedOfLots(content, this.versions);
    for (const entry of content.preparations) {
      this.#refresh(this.list.querySelector(`[data-syringe="${entry.id}"]`), entry, sums.get(entry.id), wanted);
    }
  }

  // What is new, or has something wrong with a lot, is open, so that it is looked at.
  #card(content, entry, isNew) {
    const card = document.getElementById("syringe-template").content.firstElementChild.cloneNode(true);
    const version = this.versions.get(entry.version_id);
    card.id = `preparations-${entry.id}`;
    card.dataset.syringe = entry.id;
    part(card, "mark").replaceChildren(this.mark(this.tone(content, entry.id)));
    part(card, "name").textContent = this.name(entry);
    part(card, "number").textContent = mixtureNumber(this.data.session, entry.id);
    part(card, "label").href = `${this.data.labelsUrl}?of=${entry.id}`;
    part(card, "retired").hidden = !version?.refusal;
    part(card, "refusal").textContent = version?.refusal ?? "";
    part(card, "succeed").hidden = !version?.successor;
    part(card, "succeed").value = `succeed-${entry.id}`;
    part(card, "succeed").textContent = fill(this.words.succeed, { number: version?.successor });
    part(card, "components").replaceChildren(...(version?.lines ?? []).map((line) => this.#component(line)));
    if (!entry.variation) card.querySelector('[data-field="variation"]')?.closest(".field").remove();
    for (const field of card.querySelectorAll("[data-field]")) {
      const label = card.querySelector(`label[for="${field.id}"]`);
      field.id = `${entry.id}-${field.dataset.field}`;
      if (label) label.htmlFor = field.id;
    }
    const wanted = wantedOfLots(content, this.versions);
    card.querySelector("details").open = isNew || partsOf(entry, version).some((found) => this.#wrong(found, entry, wanted));
    return card;
  }

  #component(line) {
    const row = document.getElementById("component-template").content.firstElementChild.cloneNode(true);
    const [amount, lot] = ["amount", "lot"].map((name) => row.querySelector(`[data-field="${name}"]`));
    row.dataset.line = line.id;
    part(row, "ingredient").textContent = line.ingredient;
    part(row, "amount-label").textContent = fill(this.words.drawnOf, { ingredient: line.ingredient });
    for (const [field, label, name] of [[amount, "amount-label", "amount"], [lot, "ingredient", "lot"]]) {
      field.id = field.dataset.field = `${name}-${line.id}`;
      field.dataset[name] = line.id;
      part(row, label).htmlFor = field.id;
    }
    return row;
  }

  #refresh(card, entry, sum, wanted) {
    for (const name of ["volume_ml", "variation", "variation_reason"]) set(card.querySelector(`[data-field="${name}"]`), entry[name]);
    const version = this.versions.get(entry.version_id);
    const parts = partsOf(entry, version);
    const byLine = new Map(parts.map((found) => [String(found.line.id), found]));
    for (const row of card.querySelectorAll("[data-line]")) {
      const line = version.lines.find((known) => String(known.id) === row.dataset.line);
      this.#refreshRow(row, line, byLine.get(row.dataset.line), entry, wanted);
    }
    const varied = isVaried(parts) || Boolean(entry.variation);
    this.#refreshVolume(card, entry, version, sum, varied);
    part(card, "lots-line").textContent = this.#lotsLine(version, byLine, entry, varied);
    part(card, "variation-text").textContent = this.#variationText(parts, version, entry);
    const reason = card.querySelector('[data-field="variation_reason"]');
    part(card, "reason").hidden = !varied && !reason.value;
    card.querySelector('[data-error="variation_reason"]').textContent = varied && !reason.value.trim() ? this.words.needReason : "";
  }

  #refreshRow(row, line, found, entry, wanted) {
    const [amount, lot] = [row.querySelector("[data-amount]"), row.querySelector("[data-lot]")];
    const offers = this.#offers(line);
    this.#fillOffers(lot, offers, entry.lots?.[line.id]);
    set(amount, entry.amounts?.[line.id]);
    set(lot, entry.lots?.[line.id]);
    amount.placeholder = found ? formatThousandths(found.recipe) : "";
    amount.classList.toggle("is-changed", Boolean(found?.changed));
    amount.classList.toggle("is-invalid", Boolean(found?.error));
    const wrong = found ? this.#wrong(found, entry, wanted) : "";
    lot.classList.toggle("is-missing", Boolean(wrong) && !lot.value);
    lot.classList.toggle("is-invalid", Boolean(wrong) && Boolean(lot.value));
    part(row, "lot-left").textContent = this.#lotLeft(offers, entry.lots?.[line.id]);
    part(row, "component-error").textContent = found?.error ? this.words[found.error] : wrong;
    part(row, "proposed").hidden = !found?.drawn || !lot.value || Boolean(wrong) || Number(lot.value) !== this.#proposal(found, offers, entry, wanted);
  }

  #offers(line) {
    return this.data.lots[line.ingredientId] ?? [];
  }

  // Made anew only when a lot has changed: an open list would close.
  #fillOffers(select, offers, chosen) {
    const texts = [this.words.chooseLot, ...offers.map((offer) => this.#offerText(offer))];
    const signature = `${chosen} ${texts.join("\n")}`;
    if (select.dataset.offers === signature) return;
    select.dataset.offers = signature;
    const first = offers.length ? this.words.chooseLot : this.words.noLots;
    select.replaceChildren(element("option", { value: "" }, first), ...offers.map((offer) => {
      const option = element("option", { value: offer.id }, this.#offerText(offer));
      option.disabled = Boolean(offer.whyNot) && offer.id !== chosen;
      return option;
    }));
  }

  #offerText(offer) {
    if (offer.whyNot) return offer.whyNot;
    const left = offer.left && fill(this.words.left, { volume: offer.left });
    return [offer.label, offer.isOpen && this.words.openVial, left].filter(Boolean).join(" · ");
  }

  #lotLeft(offers, chosen) {
    const offer = offers.find((lot) => lot.id === chosen);
    return offer?.left ? fill(this.words.lotHolds, { volume: offer.left }) : "";
  }

  // What is wrong with the lot of a component, in a sentence; empty for what was left out.
  #wrong({ line, drawn }, entry, wanted) {
    if (!drawn) return "";
    const offers = this.#offers(line);
    const chosen = offers.find((offer) => offer.id === entry.lots?.[line.id]);
    if (!chosen) {
      const found = proposed(offers, drawn, wanted);
      return found === null && offers.some((offer) => !offer.whyNot) ? fill(this.words.noneHolds, { wanted: formatThousandths(drawn) }) : this.words.needLot;
    }
    if (chosen.whyNot) return chosen.whyNot;
    const all = wanted.get(chosen.id) ?? 0n;
    if (chosen.thousandths === null || BigInt(chosen.thousandths) >= all) return "";
    return fill(this.words.lacks, { number: chosen.number, left: chosen.left, wanted: formatThousandths(all) });
  }

  // What would be proposed for a component, beside what the others take.
  #proposal({ line, drawn }, offers, entry, wanted) {
    const taken = new Map(wanted);
    const lot = entry.lots?.[line.id];
    taken.set(lot, (taken.get(lot) ?? drawn) - drawn);
    return proposed(offers, drawn, taken);
  }

  #refreshVolume(card, entry, version, sum, varied) {
    const { error } = parseAmount(entry.volume_ml ?? "", DRAWN);
    const volume = volumeIn(entry, version);
    part(card, "drawn-error").textContent = error ? this.words[error] : volume ? "" : this.words.notDrawn;
    const left = volume === undefined ? null : volume - sum.volume;
    const place = part(card, "left");
    place.classList.toggle("is-over", left !== null && left < 0n);
    const over = left !== null && left < 0n;
    const texts = left === null ? [] : [fill(over ? this.words.over : this.words.left, { volume: formatThousandths(over ? -left : left) })];
    if (varied && volume) texts.unshift(fill(this.words.filled, { volume: formatThousandths(volume) }));
    place.textContent = texts.join(" · ");
  }

  #lotsLine(version, byLine, entry, varied) {
    const numbers = (version?.lines ?? [])
      .filter((line) => byLine.get(String(line.id))?.drawn !== 0n)
      .map((line) => this.#offers(line).find((lot) => lot.id === entry.lots?.[line.id])?.number ?? this.words.lotMissing);
    return [fill(this.words.lots, { numbers: numbers.join(", ") }), varied && this.words.varied].filter(Boolean).join(" · ");
  }

  #variationText(parts) {
    const texts = parts.filter((found) => found.changed).map(({ line, drawn, recipe }) => {
      const names = { ingredient: line.ingredient, drawn: formatThousandths(drawn), recipe: formatThousandths(recipe) };
      return fill(drawn ? this.words.changed : this.words.without, names);
    });
    return texts.join("; ");
  }
}

function set(field, value) {
  if (field && field !== document.activeElement) field.value = value ?? "";
}
