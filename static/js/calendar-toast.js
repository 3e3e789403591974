// A word at the foot of the page, with a way back for ten seconds.

const UNDO = 10_000;
const READ = 4_000; // a word without a way back goes sooner
const place = document.getElementById("toasts");

export function toast(text, undo, act) {
  const note = document.createElement("div");
  note.append(text);
  const remove = () => { clearTimeout(timer); note.remove(); };
  const timer = setTimeout(remove, undo ? UNDO : READ);
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "toast-act";
    button.textContent = undo;
    button.addEventListener("click", () => { remove(); act(); });
    note.append(button);
  }
  place.replaceChildren(note);
  return remove;
}
