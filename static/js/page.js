// What every page does: the search shortcut, focus after errors and swaps, one submit per form, unsaved text.

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
  if (!field) return;
  event.preventDefault();
  field.focus();
});

// A form that is on its way cannot be sent again; coming back to the page opens it anew.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.matches("[hx-post], [hx-get]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
});

// A menu closes when one goes elsewhere, and by Escape, which leads back to its button.
const openMenus = () => document.querySelectorAll("details.dropdown[open]");
for (const moved of ["click", "focusin"]) {
  document.addEventListener(moved, (event) => {
    for (const menu of openMenus()) menu.open = menu.contains(event.target);
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.querySelector(".error-summary")?.focus();

// The tab one is on is in view, however many there are.
const tab = document.querySelector(".tabs [aria-current]");
if (tab) tab.parentElement.scrollLeft = tab.offsetLeft - tab.parentElement.offsetLeft - (tab.parentElement.clientWidth - tab.offsetWidth) / 2;

document.addEventListener("htmx:afterSwap", (event) => {
  event.target.querySelector?.(".error-summary, [data-focus]")?.focus();
});

document.addEventListener("htmx:responseError", (event) => {
  if (event.target.closest("[data-quiet]")) return;
  const place = event.target.querySelector?.(".skeleton");
  if (place) place.textContent = document.body.dataset.failed ?? place.textContent;
});
