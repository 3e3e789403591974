// Moving visits by mouse, touch and keyboard. The clinic is asked whether a place is free before anything is put down;
// what was put down can be taken back for ten seconds.

import { accepted } from "./calendar-changes.js";
import { Cells, Grid } from "./calendar-surface.js";

const HOLD = 350; // milliseconds until a finger takes a visit instead of scrolling
const SLACK = 5; // pixels a pointer may tremble
const EDGE = 9; // pixels at a visit's foot that change its length
const ASK = 120; // milliseconds of rest before the clinic is asked
const MOVABLE = ".v:not(.arrived, .in_session, .done)";

export function watchBoard({ calendar, words, say, toast, refresh, hold }) {
  if (!calendar.dataset.book) return;
  let drag = null; // what is being moved: item, place, ghost …
  let pressed = null; // a pointer that is down and has not moved yet
  let dropped = false; // just now: the click that ends a drag opens nothing

  function surface() {
    const board = calendar.querySelector(".board");
    if (board) return getComputedStyle(board).display === "grid" ? new Grid(board, calendar.dataset.zone) : null;
    const table = calendar.querySelector(".week");
    return table && new Cells(table);
  }

  // One drag, whoever leads it ------------------------------------------------------------------------------

  function begin(kind, item, place, on, details = {}) {
    const ghost = document.createElement(item?.localName ?? "li");
    ghost.className = `ghost ${item?.className ?? ""}`;
    ghost.classList.remove("v");
    ghost.append(document.createElement("b"), document.createElement("small"));
    drag = { kind, item, on, ghost, place, origin: place, answer: null, ...details };
    item?.classList.add("dragged");
    document.body.classList.add("dragging");
    hold(true);
    show(place);
  }

  function show(place) {
    const moved = !drag.on.same(place, drag.shown ?? {});
    drag.place = place;
    if (!moved) return;
    drag.shown = place;
    drag.on.put(drag.ghost, place);
    drag.ghost.firstChild.textContent = drag.on.text(place) || drag.item?.querySelector("b").textContent;
    drag.ghost.lastChild.textContent = "";
    drag.ghost.classList.remove("refused");
    clearTimeout(drag.timer);
    drag.answer = null;
    if (drag.kind !== "create" && !drag.on.same(place, drag.origin)) drag.timer = setTimeout(ask, ASK);
  }

  function ask() {
    const asked = drag;
    const place = drag.place;
    clearTimeout(drag.timer);
    const answer = send(asked.item, "GET", parameters());
    drag.answer = answer;
    answer.then(({ ok, text }) => {
      if (drag !== asked || !drag.on.same(place, drag.place)) return;
      drag.ghost.classList.toggle("refused", !ok);
      drag.ghost.lastChild.textContent = text;
      if (drag.byKeyboard) say(text);
    });
    return answer;
  }

  function parameters() {
    return { version: drag.item.dataset.v ?? 1, ...drag.on.parameters(drag.place) };
  }

  function end() {
    clearTimeout(drag.timer);
    drag.ghost.remove();
    drag.item?.classList.remove("dragged");
    document.body.classList.remove("dragging");
    drag = null;
    hold(false);
  }

  function leave() {
    const { byKeyboard, item } = drag;
    end();
    if (byKeyboard) {
      say(words.left);
      item.querySelector("a").focus();
    }
  }

  async function drop() {
    const done = drag;
    if (done.kind === "create") return create();
    if (done.on.same(done.place, done.origin)) return leave();
    done.down = true;
    const wanted = parameters();
    const { ok, text, changes } = await (done.answer ?? ask());
    if (drag !== done) return;
    if (!ok) {
      refuse(text);
      return leave();
    }
    const goOn = await accepted(text, changes).catch(() => refuse(words.failed));
    if (drag !== done) return;
    if (!goOn) return leave();
    await put(done.item, wanted);
  }

  async function put(item, wanted) {
    const address = item.querySelector("a").getAttribute("href");
    const { ok, text, undo } = await send(item, "POST", wanted);
    end();
    await refresh();
    calendar.querySelector(`a[href="${CSS.escape(address)}"]`)?.focus({ preventScroll: true });
    if (!ok) return refuse(text);
    clearRefusal();
    say(text);
    toast(text, words.undo, () => takeBack(address, undo));
  }

  async function takeBack(address, undo) {
    const { ok, text } = await tell(address, "POST", undo);
    await refresh();
    if (!ok) return refuse(text);
    say(words.undone);
    toast(words.undone);
  }

  function create() {
    const { start, minutes, ...who } = drag.on.parameters(drag.place);
    const length = drag.stretched ? { minutes } : {};
    end();
    location.assign(`${calendar.dataset.book}?${new URLSearchParams({ at: start, ...who, ...length })}`);
  }

  // What the clinic says ------------------------------------------------------------------------------------

  function send(item, method, data) {
    return tell(item.querySelector("a").getAttribute("href"), method, data);
  }

  async function tell(address, method, data) {
    const text = new URLSearchParams(data);
    const posting = method === "POST";
    const headers = { Accept: "application/json", ...(posting && { "X-CSRFToken": document.body.dataset.csrf }) };
    try {
      const response = await fetch(`${address}place/${posting ? "" : `?${text}`}`, { method, headers, body: posting ? text : undefined });
      return await response.json();
    } catch {
      return { ok: false, text: words.failed };
    }
  }

  function refuse(text) {
    clearRefusal();
    const notice = document.createElement("div");
    notice.className = "notice notice-stop refusal";
    notice.setAttribute("role", "alert");
    const line = document.createElement("p");
    line.textContent = text;
    notice.append(line);
    calendar.before(notice);
  }

  function clearRefusal() {
    document.querySelector(".refusal")?.remove();
  }

  // Mouse and touch -----------------------------------------------------------------------------------------

  calendar.addEventListener("pointerdown", (event) => {
    dropped = false;
    if (drag || event.button !== 0 || !event.isPrimary) return;
    const on = surface();
    if (!on) return;
    const item = event.target.closest(".v");
    const column = event.target.closest("section");
    if (item?.matches(MOVABLE)) pressed = grip(event, item, on);
    else if (!item && event.target.closest("ol") && on instanceof Grid) pressed = { kind: "create", column, on };
    else return;
    Object.assign(pressed, { x: event.clientX, y: event.clientY, id: event.pointerId, touch: event.pointerType === "touch" });
    if (pressed.touch && item) pressed.timer = setTimeout(() => { lift(); navigator.vibrate?.(15); }, HOLD);
  });

  function grip(event, item, on) {
    const place = on.locate(item);
    const foot = item.getBoundingClientRect().bottom - event.clientY;
    const resizes = on instanceof Grid && foot < EDGE && item.offsetHeight > 3 * EDGE;
    const below = on instanceof Grid ? on.five(place.column, event.clientY) - place.from : 0;
    return { kind: resizes ? "resize" : "move", item, on, place, below };
  }

  function lift() {
    const { kind, item, on, place, below, column, x, y } = pressed;
    clearTimeout(pressed.timer);
    const first = kind === "create" ? on.create(column, y) : place;
    begin(kind, item, first, on, { below, column, x, y, id: pressed.id });
    pressed = null;
  }

  document.addEventListener("pointermove", (event) => {
    if (pressed && event.pointerId === pressed.id) {
      const far = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > SLACK;
      if (!far) return;
      if (pressed.touch) return forget();
      lift();
    }
    if (!drag || drag.down || drag.byKeyboard || event.pointerId !== drag.id) return;
    event.preventDefault();
    const { kind, on, place } = drag;
    if (kind === "move") show(on.move(place, event.clientX, event.clientY, drag.below));
    if (kind === "resize") show(on.resize(place, event.clientY));
    if (kind === "create") {
      drag.stretched = true;
      show(on.create(drag.column, Math.min(drag.y, event.clientY), Math.max(drag.y, event.clientY)));
    }
    on.scroll(event.clientX, event.clientY);
  });

  function forget() {
    clearTimeout(pressed?.timer);
    pressed = null;
  }

  document.addEventListener("pointerup", (event) => {
    if (pressed?.kind === "create" && event.pointerId === pressed.id) lift();
    forget();
    if (!drag || drag.down || drag.byKeyboard || event.pointerId !== drag.id) return;
    dropped = true;
    setTimeout(() => { dropped = false; }, 50);
    drop();
  });
  document.addEventListener("pointercancel", () => {
    forget();
    if (drag && !drag.down && !drag.byKeyboard) leave();
  });
  calendar.addEventListener("dragstart", (event) => event.preventDefault());
  calendar.addEventListener("contextmenu", (event) => {
    if (drag || pressed?.touch) event.preventDefault();
  });
  document.addEventListener("touchmove", (event) => {
    if (drag && !drag.down) event.preventDefault(); // a finger that has taken a visit does not scroll
  }, { passive: false });
  calendar.addEventListener("click", (event) => {
    if (dropped) event.preventDefault();
  }, { capture: true });

  // Keyboard ------------------------------------------------------------------------------------------------

  calendar.addEventListener("keydown", (event) => {
    if (drag?.byKeyboard) return steer(event);
    const item = event.key === " " && event.target.closest(".v a")?.closest(".v");
    if (!item) return;
    event.preventDefault();
    const on = surface();
    if (!on || !item.matches(MOVABLE)) return;
    begin("move", item, on.locate(item), on, { byKeyboard: true });
    say(words.taken);
  });

  function steer(event) {
    if (drag.down) return event.preventDefault();
    if (event.key === "Tab") return leave();
    if (event.key === "Escape") leave();
    else if (event.key === "Enter" || event.key === " ") drop();
    else if (event.key.startsWith("Arrow")) show(drag.on.key(drag.place, event));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
