// What the safety rules say, as the last save answered it: a list by effect with a field for each reason, and marks on
// the syringes and points that are concerned. The rules themselves are the server's.

const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

export class Safety {
  #answers = [];
  #rows = new Map(); // by the answer's effect and key, so that nobody's typing is disturbed

  constructor(root, jump) {
    this.root = root;
    this.jump = jump;
    this.groups = [...root.querySelectorAll("[data-effect]")];
    for (const group of this.groups) part(group, "list").replaceChildren();
  }

  // reasons: what is written so far, by the answers' keys.
  show(answers, reasons) {
    this.#answers = answers;
    const rows = new Map();
    for (const group of this.groups) {
      const { effect } = group.dataset;
      const here = answers.filter((answer) => answer.effect === effect).map((answer) => {
        const name = `${effect} ${answer.key}`;
        const row = this.#rows.get(name) ?? makeRow(group, answer);
        rows.set(name, row);
        fillRow(row, answer, reasons[answer.key] ?? "");
        return row;
      });
      arrange(part(group, "list"), here);
      group.hidden = here.length === 0;
    }
    this.#rows = rows;
    part(this.root, "calm").hidden = answers.length > 0;
    this.#sayCounts();
    this.mark();
  }

  // Anew after every drawing of the cards, which are made again and again.
  mark() {
    document.querySelectorAll(".safety-mark").forEach((tag) => tag.remove());
    const marked = new Set();
    for (const group of this.groups) {
      const tag = group.querySelector("h3 .tag");
      for (const id of this.#marksOf(group.dataset.effect)) {
        const place = marked.has(id) || group.dataset.effect === "note" ? null : document.getElementById(id);
        marked.add(id);
        const copy = tag.cloneNode(true);
        copy.classList.add("safety-mark");
        (place?.querySelector(".group-text") ?? place?.querySelector(".syringe-head"))?.append(copy);
      }
    }
  }

  refill(reasons) {
    this.show(this.#answers, reasons);
  }

  #marksOf(effect) {
    return this.#answers.filter((answer) => answer.effect === effect).flatMap((answer) => answer.marks);
  }

  // For who cannot see the list grow, and for who is at the drawing far above it.
  #sayCounts() {
    const counts = this.groups.map((group) => ({ tag: group.querySelector("h3 .tag"), effect: group.dataset.effect, count: part(group, "list").children.length }));
    const loud = counts.filter(({ effect, count }) => count && effect !== "note");
    const text = loud.map(({ tag, count }) => `${tag.textContent.trim()}: ${count}`).join(", ");
    const said = part(this.root, "said");
    if (said.textContent !== text) said.textContent = text;
    this.jump.hidden = loud.length === 0;
    this.jump.replaceChildren(
      ...loud.map(({ tag, count }) => {
        const copy = tag.cloneNode(true);
        copy.append(` ${count}`);
        return copy;
      }),
    );
  }
}

function makeRow(group, answer) {
  const row = group.querySelector("template").content.firstElementChild.cloneNode(true);
  row.dataset.answer = answer.key;
  part(row, "message").id = `says-${answer.slug}`;
  const field = row.querySelector("[data-reason]");
  if (!field) return row;
  if (!answer.needsReason) {
    part(row, "field").remove();
    return row;
  }
  field.id = `reasons-${answer.slug}`;
  field.name = `reason.${answer.key}`;
  field.dataset.reason = answer.key;
  field.setAttribute("aria-describedby", `says-${answer.slug}`);
  row.querySelector("label").htmlFor = field.id;
  return row;
}

function fillRow(row, answer, reason) {
  part(row, "message").textContent = answer.message;
  const place = part(row, "sources");
  const pattern = place.pattern ?? place.querySelector("a").cloneNode(true);
  place.pattern = pattern;
  place.replaceChildren(
    ...answer.sources.flatMap((source, index) => {
      const link = pattern.cloneNode(true);
      link.href = source;
      part(link, "number").textContent = index + 1;
      return [link, " "];
    }),
  );
  const field = row.querySelector("[data-reason]");
  if (field && field !== document.activeElement) field.value = reason;
  row.classList.toggle("is-open", Boolean(field) && !field.value.trim());
}

// Moves nothing that stands already where it belongs: a field that is moved loses its focus.
function arrange(list, rows) {
  for (const child of [...list.children]) if (!rows.includes(child)) child.remove();
  rows.forEach((row, index) => list.children[index] !== row && list.insertBefore(row, list.children[index] ?? null));
}
