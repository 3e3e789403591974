// Copies what is to be told to a patient, for the program that the desk sends it with.

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copies);
    button.classList.add("btn-primary");
  });
}
