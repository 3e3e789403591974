// Charting by typing a line: the server reads it; this offers the names of areas and techniques while it is typed.

import { element, on } from "./charting-parts.js";
import { newId } from "./charting-state.js";

const MOST = 6;
const SEPARATOR = /(?<![0-9]),|,(?![0-9])|;/g;

// added(groups) is told what came; tool() gives the values of the next points, as far as they are chosen.
export function wireLine({ data, draft, csrf, tool, added }) {
  const form = document.getElementById("type-line");
  const field = form.querySelector('[data-field="line"]');
  const error = form.querySelector('[data-error="line"]');
  const choices = document.getElementById("line-choices");
  const names = [...Object.values(data.areas).filter((area) => area.treatable), ...Object.values(data.techniques)].map(({ name }) => name);
  let busy = false;
  let wrong = null; // the part that the server did not understand

  field.addEventListener("input", () => {
    wrong = null;
    tell("");
    offer(completions(names, lastPart(field.value).trim()));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy || !field.value.trim()) return;
    busy = true;
    await read(field.value).finally(() => (busy = false));
  });
  on(choices, "click", "button", (_event, button) => {
    field.value = wrong ? field.value.replace(wrong, button.textContent) : withCompletion(field.value, button.textContent);
    wrong = null;
    tell("");
    offer([]);
    field.focus();
  });

  async function read(line) {
    const syringes = draft.content.preparations.map((entry) => entry.id);
    let response;
    let answer;
    try {
      response = await fetch(data.lineUrl, {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() },
        body: JSON.stringify({ ...tool(), syringes, line }),
      });
      if (response.status !== 200 && response.status !== 422) return tell(data.words.lineRefused);
      answer = await response.json();
    } catch {
      return tell(data.words.lineOffline);
    }
    if (response.status === 422) return misread(answer);
    draft.step(withGroups(draft.content, answer.groups));
    if (field.value === line) {
      field.value = "";
      offer([]);
      tell("");
    }
    added(answer.groups);
  }

  function misread({ message, part, options }) {
    wrong = part || (options.length ? partOf(field.value, options) : null);
    tell(message);
    offer(options);
    field.focus();
  }

  function tell(text) {
    error.textContent = text;
    field.classList.toggle("is-invalid", Boolean(text));
  }

  function offer(options) {
    choices.replaceChildren(...options.map((name) => element("button", { type: "button", class: "btn btn-outline-secondary" }, name)));
  }
}

function withGroups(content, groups) {
  return groups.reduce((grown, group) => ({ ...grown, injections: [...grown.injections, { id: newId(grown.injections, "i"), ...group }] }), content);
}

function lastPart(text) {
  return text.slice(Math.max(0, ...[...text.matchAll(SEPARATOR)].map((match) => match.index + 1)));
}

// Names in which every word that was typed begins a word; none for what is a number, or a name already.
function completions(names, typed) {
  const words = fold(typed).split(" ").filter(Boolean);
  if (!words.length || /^[0-9]/.test(typed) || names.some((name) => fold(name) === fold(typed))) return [];
  const fits = (name) => words.every((word) => fold(name).split(" ").some((known) => known.startsWith(word)));
  return names.filter(fits).slice(0, MOST);
}

const withCompletion = (text, name) => `${text.slice(0, text.length - lastPart(text).length)}${text.includes(",") ? " " : ""}${name}`;

const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

// The part of the line that shares most words with what is offered instead.
function partOf(text, options) {
  const wanted = new Set(fold(options.join(" ")).split(" "));
  const shared = (part) => fold(part).split(" ").filter((word) => wanted.has(word)).length;
  return text.split(SEPARATOR).map((part) => part.trim()).sort((one, two) => shared(two) - shared(one))[0];
}
