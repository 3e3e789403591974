// What the charting page says about saving: saved, not saved and why, changed elsewhere, signed out.

import { Keep } from "./charting-keep.js";
import { element, fill, on, part } from "./charting-parts.js";
import { Saver } from "./charting-save.js";
import { SignInAgain } from "./charting-sign-in.js";
import { countOf } from "./charting-state.js";

const ICONS = { saved: "cloud-check", saving: "cloud-arrow-up", unsaved: "cloud", notSaved: "cloud-slash" };
const FINAL = new Set(["elsewhere", "gone"]); // reasons that no second try changes

// filled() is called when the draft was replaced as a whole; answered(answer) for what the server says of a save.
export function wireSaving({ data, draft, panel, answered, filled }) {
  const { words } = data;
  const [conflict, ownCopy, joined, earlier] = ["conflict", "own-copy", "joined", "kept"].map((id) => document.getElementById(id));
  const loadKept = part(ownCopy, "load-kept");
  let kept = null; // what this device held, where both it and what is stored cannot be
  const saver = new Saver({
    url: data.saveUrl,
    version: data.version,
    csrf: document.body.dataset.csrf,
    read: () => draft.content,
    show, conflict: showConflict, joined: showJoined, answered,
  });
  const signIn = new SignInAgain({
    form: document.getElementById("sign-in-again"),
    url: data.signIn.url,
    email: data.signIn.email,
    words,
    done: () => saver.again(),
  });

  function show(state, detail) {
    const text = { saved: { time: detail }, notSaved: { reason: words[detail] } }[state];
    const place = document.getElementById("save-state");
    place.className = `save-state is-${state}`;
    place.replaceChildren(element("i", { class: `bi bi-${ICONS[state]}`, "aria-hidden": "true" }), ` ${fill(words[state], text ?? {})}`);
    document.getElementById("save-again").hidden = state !== "notSaved" || FINAL.has(detail);
    if (detail === "signedOut") signIn.ask();
    if (state === "saved") signIn.hide();
    if (detail === "gone") showOwnCopy();
  }

  function showConflict(stored) {
    part(conflict, "when").textContent = stored.savedAt;
    conflict.hidden = false;
    conflict.focus();
    conflict.stored = stored;
  }

  // Both windows' changes, or what an earlier page left here: as if it had been charted in this window.
  function showJoined(content, stored) {
    draft.replace(content);
    filled();
    if (stored) part(joined, "when").textContent = stored.savedAt;
    (stored ? joined : earlier).hidden = false;
  }

  function showOwnCopy(content = draft.content) {
    loadKept.hidden = true;
    ownCopy.querySelector("pre").textContent = asText(content);
    ownCopy.hidden = false;
    ownCopy.querySelector("pre").focus();
  }

  // A draft as text that can be read and copied.
  function asText(content) {
    const groups = (content.injections ?? []).map((group) => `${panel.where(group)}: ${countOf(group)} × ${group.volume_ml} mL, ${group.depth_mm} mm, ${group.needle}`);
    const syringes = (content.preparations ?? []).map((entry) => `${panel.versionName(entry)}: ${entry.volume_ml} mL ${entry.variation ?? ""} ${entry.variation_reason}`);
    const texts = [content.note, content.reactions, content.advice, ...Object.values(content.reasons ?? {})];
    return [...syringes, ...groups, ...texts].map((line) => (line ?? "").trim()).filter(Boolean).join("\n");
  }

  async function bringBack() {
    const keep = await Keep.open(data.keep);
    if (!keep) return;
    for (const left of await saver.keepIn(keep)) {
      if (saver.takeUp(left)) continue;
      kept = left;
      showOwnCopy(left.value.content);
      loadKept.hidden = false;
    }
  }

  document.getElementById("save-again").addEventListener("click", () => saver.again());
  for (const notice of [joined, earlier]) on(notice, "click", '[data-act="close-notice"]', () => (notice.hidden = true));
  on(earlier, "click", '[data-act="forget-kept"]', () => {
    showOwnCopy();
    draft.replace(data.content);
    filled();
    earlier.hidden = true;
  });
  on(conflict, "click", '[data-act="keep-copy"]', () => showOwnCopy());
  on(conflict, "click", '[data-act="load-stored"]', () => {
    showOwnCopy();
    draft.replace(conflict.stored.content);
    filled();
    saver.resume(conflict.stored.version);
    show("saved", conflict.stored.savedAt);
    conflict.hidden = true;
  });
  on(ownCopy, "click", '[data-act="load-kept"]', () => {
    showOwnCopy();
    saver.takeInstead(kept);
  });
  on(ownCopy, "click", '[data-act="close-copy"]', () => (ownCopy.hidden = true));
  on(document, "click", "a[data-after-saving]", async (event, link) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (await saver.flush()) location.assign(link.href);
  });
  bringBack();
  return saver;
}
