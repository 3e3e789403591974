// A word at the foot of the page, with a way back for ten seconds.

const UNDO = 10_000;
const place = document.getElementById("toasts");

export function toast(text, undo, act) {
  const note = document.createElement("div");
  note.append(text);
  const remove = () => { clearTimeout(timer); note.remove(); };
  const timer = setTimeout(remove, UNDO);
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
