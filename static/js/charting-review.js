// The review before a session: "start" stays grey until every gap is closed or has its reason. The server asks again.

import { fill } from "./charting-parts.js";

const form = document.getElementById("review");
const start = form.querySelector("button[type=submit]");
const open = form.querySelector(".review-open");
const yes = form.querySelector('[name="nsaid"][value="yes"]');
const afterYes = [...form.querySelectorAll('[name="what"], [name="why"]')];

function check() {
  for (const field of afterYes) field.closest("#div_" + field.id).hidden = !yes.checked;
  const needed = [...form.querySelectorAll("[data-gap]"), ...(yes.checked ? afterYes : [])];
  const missing = needed.filter((field) => !field.value.trim()).length + (form.querySelector('[name="nsaid"]:checked') ? 0 : 1);
  start.disabled = missing > 0;
  open.textContent = missing ? fill(missing === 1 ? open.dataset.one : open.dataset.more, { count: missing }) : "";
}

form.addEventListener("input", check);
form.addEventListener("change", check);
check();
