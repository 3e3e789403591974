// Keeps a part of the page as the clinic's books say, also when a colleague changes them. Looking does not count as a
// sign of life: when the session ends, so does the page.

const POLL = 20_000; // milliseconds between two looks

export function keepUpToDate(place, { isBusy = () => false, replaced = () => {} } = {}) {
  let tag = "";
  let timer = 0;

  async function refresh() {
    clearTimeout(timer);
    try {
      if (place.dataset.live && !isBusy()) await look();
    } finally {
      timer = setTimeout(refresh, POLL);
    }
  }

  async function look() {
    const headers = { "HX-Request": "true", ...(tag && { "If-None-Match": tag }) };
    const response = await fetch(place.dataset.live, { headers, cache: "no-store" }).catch(() => null);
    const elsewhere = response?.headers.get("HX-Redirect");
    if (elsewhere) location.assign(elsewhere); // names do not stay on the screen
    if (response?.status !== 200 || isBusy()) return;
    tag = response.headers.get("ETag") ?? "";
    replace(await response.text());
  }

  function replace(html) {
    const scroller = () => place.querySelector("[data-scrolls]");
    const at = scroller() && [scroller().scrollLeft, scroller().scrollTop];
    const focused = place.contains(document.activeElement) && document.activeElement.getAttribute("href");
    place.innerHTML = html;
    replaced();
    if (at && scroller()) [scroller().scrollLeft, scroller().scrollTop] = at;
    if (focused) place.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) clearTimeout(timer);
    else refresh();
  });
  timer = setTimeout(refresh, POLL);
  return refresh;
}
