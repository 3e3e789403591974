// Saving by itself: soon after each change, at once when the page is left, never over what another window saved.
// What the server does not have yet is kept here, encrypted (charting-keep), and brought back by the next page.

import { alike, merged } from "./charting-merge.js";

const AFTER = 1000; // ms of quiet before a change is saved
const AT_LATEST = 2500; // ms that a change waits while somebody goes on typing
const AGAIN = 5000; // ms until saving is tried again without a connection
const KEEPALIVE_LIMIT = 60000; // bytes that a browser still sends for a page that is gone

export class Saver {
  #version;
  #saved;
  #page = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  #count = 0;
  #pending = new Map(); // requests under way, each with what it sends
  #queue = Promise.resolve(true);
  #unanswered = []; // [{version, text, id, after}] sent without an answer yet: they may have arrived
  #timer = null;
  #due = 0;
  #stopped = false;
  #failing = false;
  #keep = null;

  // read() gives the content; show(state, detail) tells the person; conflict(stored) asks them; joined(content, stored)
  // takes both windows' changes; answered(answer) is for what else the server says of what was saved.
  constructor({ url, version, csrf, read, show, conflict, joined, answered }) {
    Object.assign(this, { url, csrf, read, show, conflict, joined, answered });
    this.#version = version;
    this.#saved = this.#text();
    addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.leave());
    addEventListener("pagehide", () => this.leave());
    addEventListener("online", () => this.isDirty && this.flush());
    addEventListener("beforeunload", (event) => this.isDirty && this.#failing && event.preventDefault());
  }

  get version() {
    return this.#version;
  }

  get isDirty() {
    return this.#unanswered.length > 0 || this.#text() !== this.#saved;
  }

  // From now on what is not saved yet is kept in `keep` too. Answers what earlier pages left there: each charted
  // `content`, on top of `base`, which was stored as `version`; `sent` may have arrived since.
  async keepIn(keep) {
    const left = await keep.read();
    this.#keep = keep;
    if (this.isDirty) this.#hold();
    return left;
  }

  // Goes on from what an earlier page left: as if it had been charted here. False when that must be chosen.
  takeUp({ row, value }) {
    const { version, base, sent, content } = value;
    const stored = JSON.parse(this.#saved);
    const isOurs = version === this.#version || sent.some((text) => alike(JSON.parse(text), stored));
    const both = merged(isOurs ? stored : base, content, this.read());
    if (both) this.#take(row, both);
    return Boolean(both);
  }

  // Takes what an earlier page left, in place of what is charted here.
  takeInstead({ row, value }) {
    this.#take(row, value.content);
  }

  #take(row, content) {
    this.#keep.take(row);
    if (!alike(content, this.read())) this.joined(content, null);
    this.#hold();
  }

  // What the server has needs no keeping.
  #hold() {
    if (!this.isDirty) return this.#keep?.clear();
    const sent = this.#unanswered.map(({ text }) => text);
    this.#keep?.put({ version: this.#version, base: JSON.parse(this.#saved), sent, content: this.read() });
  }

  changed() {
    this.#hold();
    if (this.#stopped || !this.isDirty) return;
    this.show("unsaved");
    const now = performance.now();
    this.#due ||= now + AT_LATEST;
    this.#later(Math.max(0, Math.min(AFTER, this.#due - now)));
  }

  // Saves now, one request after the other; true when the server has everything that the page shows.
  flush() {
    clearTimeout(this.#timer);
    this.#queue = this.#queue.then(() => this.#flushNext()).catch(() => this.#failed("refused", true));
    return this.#queue;
  }

  // What may have arrived is sent again first, unchanged: then its answer tells what is stored.
  async #flushNext() {
    await Promise.all(this.#pending.keys());
    if (this.#stopped) return false;
    if (!this.isDirty) return true;
    this.show("saving");
    while (this.#unanswered.length) if (!(await this.#send(this.#unanswered[0]))) return false;
    const done = !this.isDirty || (await this.#send(this.#next()));
    if (done) this.changed();
    return done && !this.isDirty;
  }

  // The page goes out of sight and may not come back: no waiting for an answer that is under way. The version that
  // such an answer will bring is known; where another window brought it, this is refused, and nothing is overwritten.
  leave() {
    if (!this.#stopped && this.isDirty) {
      clearTimeout(this.#timer);
      const next = this.#next();
      if (next.text !== this.#lastSent?.text) this.#send(next);
    }
    this.#keep?.flush();
  }

  get #lastSent() {
    return [...this.#pending.values()].at(-1);
  }

  // What is to be saved now, named, on top of what is under way.
  #next() {
    this.#count += 1;
    const id = `${this.#page}-${this.#count}`;
    return { version: this.#version + this.#pending.size, text: this.#text(), id, after: this.#lastSent?.id ?? "" };
  }

  // After signing in again in another tab, or when somebody asks for it.
  async again() {
    this.#stopped = false;
    await this.#renewToken();
    return this.flush();
  }

  // Goes on from what is stored now.
  resume(version) {
    this.#version = version;
    this.#saved = this.#text();
    this.#unanswered = [];
    this.#stopped = this.#failing = false;
    this.#keep?.clear();
  }

  #text() {
    return JSON.stringify(this.read());
  }

  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), wait);
  }

  async #send(wanted) {
    const request = this.#exchange(wanted, true);
    this.#pending.set(request, wanted);
    try {
      return await request;
    } finally {
      this.#pending.delete(request);
    }
  }

  async #exchange(sent, mayRenew) {
    this.#due = 0;
    const isSame = ({ version, text }) => version === sent.version && text === sent.text;
    if (!this.#unanswered.some(isSame)) this.#unanswered.push(sent);
    this.#hold();
    let response;
    let answer;
    try {
      const { version, text, ...names } = sent;
      response = await this.#post(`{"version":${version},"content":${text},${JSON.stringify(names).slice(1)}`);
      if (response.ok || response.status === 409) answer = versioned(await response.json());
    } catch {
      return this.#failed("offline", true);
    }
    if (response.status >= 500) return this.#failed("refused", true);
    this.#unanswered = this.#unanswered.filter((other) => !isSame(other));
    if (response.status === 409) return this.#collided(answer, sent);
    if (response.ok) return this.#arrived(answer, sent.text);
    if (response.status === 403 && mayRenew && (await this.#renewToken())) return this.#exchange(sent, false);
    this.#stopped = true;
    return this.#failed({ 401: "signedOut", 403: "signedOut", 404: "gone" }[response.status] ?? "refused", false);
  }

  #arrived(answer, text) {
    if (answer.version > this.#version) [this.#version, this.#saved] = [answer.version, text];
    this.#unanswered = this.#unanswered.filter(({ version }) => version >= this.#version);
    this.#failing = false;
    this.#hold();
    this.show("saved", answer.savedAt);
    this.answered(answer);
    return true;
  }

  #post(body) {
    return fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.csrf },
      body,
      credentials: "same-origin",
      keepalive: new TextEncoder().encode(body).length < KEEPALIVE_LIMIT,
    });
  }

  // Another window was faster; unless what is stored is our own, from a request whose answer was lost. What both
  // windows changed in different places is brought together; what they changed in the same place is asked.
  #collided(stored, sent) {
    if (stored.version < sent.version) return this.#failed("refused", true); // overtook one that is still under way
    const own = [sent, ...this.#unanswered].find(({ text }) => alike(stored.content, JSON.parse(text)));
    if (own) return this.#arrived(stored, own.text);
    this.#unanswered = [];
    const both = merged(JSON.parse(this.#saved), this.read(), stored.content);
    if (both) {
      [this.#version, this.#saved] = [stored.version, JSON.stringify(stored.content)];
      this.joined(both, stored);
      this.#later(0);
      return false;
    }
    this.#stopped = true;
    this.conflict(stored);
    return this.#failed("elsewhere", false);
  }

  #failed(reason, retry) {
    this.#failing = true;
    this.show("notSaved", reason);
    if (retry) this.#later(AGAIN);
    return false;
  }

  async #renewToken() {
    try {
      const response = await fetch(this.url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
      if (!response.ok) return false;
      this.csrf = (await response.json()).csrf;
      return true;
    } catch {
      return false;
    }
  }
}

// What our own server says of a draft; something else may answer in its place, with 200 too.
function versioned(answer) {
  if (!Number.isInteger(answer.version)) throw new TypeError("not an answer about a draft");
  return answer;
}
