// The day page: colours of visit types, the part of the day that matters in view, and a date that opens its day.

const types = document.querySelectorAll("[data-type][data-colour]");
const sheet = new CSSStyleSheet(); // the pages allow no inline style; a stylesheet made by script is allowed
for (const { type, colour } of [...types].map((element) => element.dataset)) {
  if (/^#[0-9a-f]{6}$/.test(colour)) sheet.insertRule(`.t-${CSS.escape(type)} { --edge: ${colour}; }`);
}
document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];

const board = document.querySelector(".board");
const now = board?.querySelector(".now");
if (now) board.scrollTop = now.offsetTop - board.clientHeight / 3;

document.querySelector("[data-submits]")?.addEventListener("change", (event) => {
  if (event.target.value) event.target.form.requestSubmit();
});
