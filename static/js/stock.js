// Scanners that play the keyboard send the separator of a GS1 code as Ctrl+], which types nothing: write its sign.
const scan = document.querySelector("#id_scan");

scan?.addEventListener("keydown", (event) => {
  if (!event.ctrlKey || event.key !== "]") return;
  event.preventDefault();
  scan.setRangeText("␝", scan.selectionStart, scan.selectionEnd, "end");
});
