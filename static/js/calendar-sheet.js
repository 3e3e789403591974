// The sheet of the day: a button that prints, where there is somebody to press it.

const button = document.querySelector("[data-print]");
button.hidden = false;
button.addEventListener("click", () => window.print());
