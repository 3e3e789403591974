// Names that somebody at the desk must not read: one key, or the button, blurs them until it is pressed again.

const root = document.documentElement;
const button = document.querySelector("[data-blur]");

function hide(hidden) {
  root.classList.toggle("hide-names", hidden);
  button.setAttribute("aria-pressed", String(hidden));
  sessionStorage.setItem("hide-names", hidden ? "yes" : "");
}

button.addEventListener("click", () => hide(!root.classList.contains("hide-names")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "h" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!event.target.closest("input, select, textarea")) button.click();
});
hide(root.classList.contains("hide-names")); // as calendar-hide.js left it
