// Before a visit is put down: what that changes for its patient, to be accepted. Where nothing changes, nobody is asked.

const dialog = document.getElementById("changes");

// The part of a page at each address in which something changes; what names no change stays away.
async function read(address) {
  const response = await fetch(address, { headers: { "HX-Request": "true" } });
  if (response.status !== 200) throw new Error(`${response.status}`);
  const part = document.createElement("template");
  part.innerHTML = await response.text();
  return part.content.querySelector("[data-changes]") ? part.content : null;
}

// Whether to go on. Rejects when the clinic does not say what would change.
export async function accepted(text, addresses = []) {
  const parts = (await Promise.all(addresses.map(read))).filter(Boolean);
  if (!parts.length) return true;
  dialog.querySelector("[data-where]").textContent = text;
  dialog.querySelector("[data-lists]").replaceChildren(...parts);
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((resolve) => { dialog.addEventListener("close", resolve, { once: true }); });
  return dialog.returnValue === "move";
}
