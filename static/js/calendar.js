// The calendar page: colours of visit types, the panel with a visit, and filters that act at once.

import { watchBoard } from "./calendar-drag.js";
import { keepUpToDate } from "./calendar-live.js";
import "./calendar-names.js";
import { toast } from "./calendar-toast.js";

const calendar = document.getElementById("calendar");
const panel = document.getElementById("panel");
const words = document.getElementById("words").dataset;
const said = document.getElementById("said");
const say = (text) => { said.textContent = text; };

// The pages allow no inline style; a stylesheet made by script is allowed.
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
function colour() {
  const rules = [...calendar.querySelectorAll("[data-type][data-colour]")]
    .map(({ dataset }) => dataset)
    .filter((kind) => /^#[0-9a-f]{6}$/.test(kind.colour))
    .map((kind) => `.t-${CSS.escape(kind.type)} { --edge: ${kind.colour}; }`);
  sheet.replaceSync(rules.join("\n"));
}

function showNow() {
  const board = calendar.querySelector(".board");
  const now = board?.querySelector(".now");
  if (now && getComputedStyle(board).overflowY === "auto") board.scrollTop = now.offsetTop - board.clientHeight / 3;
}

let busy = false;
const refresh = keepUpToDate(calendar, { isBusy: () => busy, replaced: colour });

// The panel -------------------------------------------------------------------------------------------------

let opener = null;

function openPanel(link) {
  opener = link.getAttribute("href");
  show("GET", opener);
}

function closePanel() {
  panel.hidden = true;
  panel.replaceChildren();
  if (opener) calendar.querySelector(`a[href="${CSS.escape(opener)}"]`)?.focus();
  opener = null;
}

calendar.addEventListener("click", (event) => {
  const link = event.target.closest(".v a, .gone a");
  if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openPanel(link);
});

function show(verb, address, values) {
  window.htmx.ajax(verb, address, { target: "#panel", swap: "innerHTML", values });
}

// Links to the visit's own pages, and their forms, stay in the panel.
panel.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) return closePanel();
  const link = event.target.closest("a");
  if (!link?.pathname.startsWith(opener) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show("GET", link.getAttribute("href"));
});

panel.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  event.preventDefault();
  const address = panel.querySelector("[data-address]").dataset.address;
  const values = Object.fromEntries(new FormData(event.target, event.submitter));
  show("POST", new URL(event.target.getAttribute("action") || address, new URL(address, location)).href, values);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel.hidden && !event.defaultPrevented) closePanel();
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.target !== panel) return;
  panel.hidden = false;
  panel.scrollTop = 0;
  if (!panel.contains(document.activeElement)) panel.focus({ preventScroll: true });
  if (event.detail.requestConfig.verb !== "get") refresh();
});

// The rest --------------------------------------------------------------------------------------------------

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submits]") && event.target.form.reportValidity()) {
    event.target.form.requestSubmit();
  }
});

colour();
showNow();
watchBoard({ calendar, words, say, toast, refresh, hold: (held) => { busy = held; } });
