// Drawing up: a syringe is added with its lots proposed, and what is typed into its card goes into the draft.

import { DRAWN, parseAmount } from "./charting-amounts.js";
import { proposedLots, wantedOfLots } from "./charting-mixture.js";
import { element, on } from "./charting-parts.js";
import { addSyringe, withSyringe } from "./charting-state.js";

export function wireSyringes({ data, draft, panel, added }) {
  const cards = document.getElementById("syringes");
  const clockOffset = Date.parse(data.now) - Date.now(); // this machine's clock may be wrong

  document.getElementById("add-syringe")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const form = event.target;
    const [choice, volume] = ["version_id", "volume_ml"].map((name) => form.querySelector(`[data-field="${name}"]`));
    const version = panel.versions.get(Number(choice.value));
    const error = parseAmount(volume.value, DRAWN).error;
    form.querySelector('[data-error="version_id"]').textContent = version ? "" : data.words.needVersion;
    form.querySelector('[data-error="volume_ml"]').textContent = error ? data.words[error] : "";
    if (!version || error) return (version ? volume : choice).focus();
    const drawnAt = `${new Date(Date.now() + clockOffset).toISOString().slice(0, 19)}+00:00`;
    const entry = { version_id: version.id, volume_ml: volume.value.trim(), variation_reason: "", amounts: {}, drawn_at: drawnAt };
    entry.lots = proposedLots(entry, version, data.lots, wantedOfLots(draft.content, panel.versions));
    draft.step(addSyringe(draft.content, entry));
    added(draft.content.preparations.at(-1).id);
    form.reset();
    document.getElementById("recipe-says").replaceChildren();
    document.getElementById("add-more").open = false;
  });

  on(cards, "input", "[data-field]", (_event, field) => {
    const id = field.closest("[data-syringe]").dataset.syringe;
    const entry = draft.content.preparations.find((found) => found.id === id);
    draft.type(withSyringe(draft.content, id, typedInto(entry, field)));
  });
  on(cards, "submit", "form", (event) => event.preventDefault());
}

function typedInto(entry, { dataset, value }) {
  if (dataset.lot) return { lots: { ...entry.lots, [dataset.lot]: value ? Number(value) : null } };
  if (!dataset.amount) return { [dataset.field]: value };
  const { [dataset.amount]: _before, ...others } = entry.amounts ?? {};
  return { amounts: value.trim() ? { ...others, [dataset.amount]: value } : others };
}

// How the chosen lots stand now: a colleague may have used one up, or set it aside. Whether anything is new.
export function renewLots(known, states) {
  const lots = Object.values(known).flat().filter((lot) => states[lot.id]);
  const changed = lots.filter((lot) => JSON.stringify({ ...lot, ...states[lot.id] }) !== JSON.stringify(lot));
  for (const lot of changed) Object.assign(lot, states[lot.id]);
  return changed.length > 0;
}

// Sends the button's own form, as without a script, from the version that is saved by now.
export function submitWith(button, version) {
  const form = button.closest("form");
  form.elements.version.value = version;
  form.append(element("input", { type: "hidden", name: "do", value: button.value }));
  form.submit();
}
