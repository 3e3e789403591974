// The note: its texts and findings, the clinic's phrases, and the sentence that is written from the drawing.

import { on } from "./charting-parts.js";

// put(content) changes the draft as typing does; saved() resolves to whether the server has everything.
export function wireNote({ root, read, put, saved }) {
  let last = root.querySelector("textarea");

  const write = (field) => put({ ...read(), [field.dataset.field]: field.value });

  root.addEventListener("input", (event) => {
    const { dataset, value } = event.target;
    if (dataset.finding) put({ ...read(), findings: { ...read().findings, [dataset.finding]: value } });
    if (!dataset.field) return;
    expand(event.target);
    write(event.target);
  });
  root.addEventListener("focusin", (event) => {
    if (event.target.tagName === "TEXTAREA") last = event.target;
  });
  root.addEventListener("submit", (event) => event.preventDefault());

  on(root, "click", "[data-phrase]", (_event, button) => {
    const gap = last.value && !/\s$/.test(last.value) ? " " : "";
    last.value += gap + button.dataset.phrase;
    last.focus();
    write(last);
  });

  // ".ice " becomes the phrase whose code is "ice".
  function expand(field) {
    const until = field.selectionStart;
    const typed = /(^|\s)\.([a-z0-9]+)\s$/.exec(field.value.slice(0, until));
    const phrase = typed && root.querySelector(`[data-code="${typed[2]}"]`)?.dataset.phrase;
    if (!phrase) return;
    const from = until - typed[2].length - 2;
    field.setRangeText(phrase + field.value[until - 1], from, until, "end");
  }

  on(root, "click", '[data-act="sentence"]', async (event) => {
    event.preventDefault();
    if (!(await saved())) return;
    const response = await fetch(root.dataset.sentenceUrl, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!response?.ok) return;
    const { sentence } = await response.json();
    if (!sentence) return;
    const { note, sentence: before } = read();
    const replaced = before && note.includes(before) ? note.replace(before, () => sentence) : [sentence, note].filter(Boolean).join("\n");
    put({ ...read(), note: replaced, sentence });
    fillNote(root, read());
    root.querySelector('[data-field="note"]').focus();
  });
}

export function fillNote(root, content) {
  for (const field of root.querySelectorAll("[data-field]")) field.value = content[field.dataset.field] ?? "";
  for (const field of root.querySelectorAll("[data-finding]")) {
    const value = content.findings?.[field.dataset.finding] ?? "";
    if (field.type === "radio") field.checked = field.value === value;
    else field.value = value;
  }
}
