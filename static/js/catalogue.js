// On a phone the list of places is wider than the screen: begin where we are.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// The recipe's editor: a draft that is on its way is not sent twice (the second one would find it changed).
const draft = document.querySelector("#draft");

draft?.addEventListener("submit", (event) => {
  if (draft.dataset.sent) {
    event.preventDefault();
    return;
  }
  draft.dataset.sent = "yes";
});

// A new line takes the focus, so that typing goes on.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.elt?.name !== "add") return;
  document.querySelector("#rows .row-line:last-of-type select")?.focus();
});
