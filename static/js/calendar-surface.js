// Where visits lie: on a day's grid of five minutes, or in the cells of a week. Both say where a visit is, what is
// under the pointer, what a key does, and how a place is told to the clinic.

const PLACE = /\b(?:[hfxyl]|of)-\d+\b/g; // hour, fives, length in hours and fives, lane, lanes
const QUARTER = 3; // of an hour, in steps of five minutes

function part(element, name) {
  return Number(new RegExp(`\\b${name}-(\\d+)\\b`).exec(element.className)?.[1] ?? 0);
}

export class Grid {
  constructor(board, zone) {
    this.board = board;
    this.columns = [...board.querySelectorAll("section")];
    const axis = board.querySelectorAll(".axis span");
    this.first = part(axis[0], "h") * 12;
    this.last = this.first + axis.length * 12;
    this.clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  }

  locate(item) {
    const [h, f, x, y] = ["h", "f", "x", "y"].map((name) => part(item, name));
    return { column: item.closest("section"), from: h * 12 + f, fives: x * 12 + y };
  }

  five(column, y) {
    const box = column.querySelector("ol").getBoundingClientRect();
    return this.first + ((y - box.top) / box.height) * (this.last - this.first);
  }

  columnAt(x) {
    return this.columns.find((column) => {
      const box = column.getBoundingClientRect();
      return x >= box.left && x < box.right;
    });
  }

  // `grip`: how many fives below the visit's beginning it was taken.
  move(place, x, y, grip) {
    const column = this.columnAt(x) ?? place.column;
    const from = Math.round((this.five(column, y) - grip) / QUARTER) * QUARTER;
    return { ...place, column, from: this.within(from, place.fives) };
  }

  resize(place, y) {
    const fives = Math.round(this.five(place.column, y)) - place.from;
    return { ...place, fives: Math.max(1, Math.min(fives, this.last - place.from)) };
  }

  create(column, y, until) {
    const from = Math.floor(this.five(column, y) / QUARTER) * QUARTER;
    const end = until === undefined ? from + QUARTER : Math.ceil(this.five(column, until) / QUARTER) * QUARTER;
    return { column, from: Math.min(from, end - QUARTER), fives: Math.max(QUARTER, end - from) };
  }

  key(place, event) {
    const step = event.altKey ? 1 : QUARTER;
    const sign = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (sign && event.shiftKey) return { ...place, fives: Math.max(1, Math.min(place.fives + sign, this.last - place.from)) };
    if (sign) return { ...place, from: this.within(place.from + sign * step, place.fives) };
    const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const column = side && this.columns[this.columns.indexOf(place.column) + side];
    return column ? { ...place, column } : place;
  }

  within(from, fives) {
    return Math.max(this.first, Math.min(from, this.last - fives));
  }

  put(ghost, place) {
    const { from, fives } = place;
    ghost.className = ghost.className.replace(PLACE, "").replace(/\s+/g, " ").trim();
    ghost.classList.add(`h-${Math.floor(from / 12)}`, `f-${from % 12}`, `x-${Math.floor(fives / 12)}`, `y-${fives % 12}`);
    place.column.querySelector("ol").append(ghost);
    ghost.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  instant(place) {
    return (Number(place.column.dataset.start) + place.from * 5) * 60_000;
  }

  text(place) {
    const start = this.instant(place);
    return `${this.clock.format(start)}–${this.clock.format(start + place.fives * 300_000)}`;
  }

  parameters(place) {
    const { practitioner, room } = place.column.dataset;
    const start = `${new Date(this.instant(place)).toISOString().slice(0, 16)}Z`;
    return { start, minutes: place.fives * 5, ...(practitioner && { practitioner }), ...(room && { room }) };
  }

  same(one, other) {
    return one.column === other.column && one.from === other.from && one.fives === other.fives;
  }

  scroll(x, y) {
    const box = this.board.getBoundingClientRect();
    const push = (at, low, high) => (at < low + 40 ? -12 : at > high - 40 ? 12 : 0);
    this.board.scrollBy(push(x, box.left + 52, box.right), push(y, box.top + 44, box.bottom));
  }
}

export class Cells {
  constructor(table) {
    this.cells = [...table.querySelectorAll("td[data-day]")];
    this.width = table.querySelectorAll("thead th").length;
  }

  locate(item) {
    return { column: item.closest("td") };
  }

  move(place, x, y) {
    const column = document.elementsFromPoint(x, y).map((found) => found.closest("td[data-day]")).find(Boolean);
    return { column: column ?? place.column };
  }

  resize(place) {
    return place;
  }

  key(place, event) {
    const step = { ArrowUp: -this.width, ArrowDown: this.width, ArrowLeft: -1, ArrowRight: 1 }[event.key] ?? 0;
    return { column: this.cells[this.cells.indexOf(place.column) + step] ?? place.column };
  }

  put(ghost, place) {
    place.column.append(ghost);
  }

  text() {
    return "";
  }

  parameters(place) {
    const { day, practitioner, room } = place.column.dataset;
    return { day, ...(practitioner && { practitioner }), ...(room && { room }) };
  }

  same(one, other) {
    return one.column === other.column;
  }

  scroll() {}
}
