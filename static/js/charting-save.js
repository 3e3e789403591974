// Saving by itself: soon after each change, at once when the page is left, never over what another window saved.
// Nothing is kept in the browser: what the server has is what a reload brings back.

const AFTER = 1000; // ms of quiet before a change is saved
const AT_LATEST = 2500; // ms that a change waits while somebody goes on typing
const AGAIN = 5000; // ms until saving is tried again without a connection
const KEEPALIVE_LIMIT = 60000; // bytes that a browser still sends for a page that is gone

export class Saver {
  #version;
  #saved;
  #pending = new Set(); // requests under way
  #queue = Promise.resolve(true);
  #unanswered = null; // what was sent last without an answer: it may have arrived
  #timer = null;
  #due = 0;
  #stopped = false;
  #failing = false;

  // read() gives the content; show(state, detail) tells the person; conflict(stored) asks them; answered(answer) is
  // for what else the server says of what was saved.
  constructor({ url, version, csrf, read, show, conflict, answered }) {
    Object.assign(this, { url, csrf, read, show, conflict, answered });
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
    return this.#text() !== this.#saved;
  }

  changed() {
    if (this.#stopped || !this.isDirty) return;
    this.show("unsaved");
    const now = performance.now();
    this.#due ||= now + AT_LATEST;
    this.#later(Math.max(0, Math.min(AFTER, this.#due - now)));
  }

  // Saves now, one request after the other; true when the server has everything that the page shows.
  flush() {
    clearTimeout(this.#timer);
    this.#queue = this.#queue.then(() => this.#flushNext());
    return this.#queue;
  }

  async #flushNext() {
    await Promise.all(this.#pending);
    if (this.#stopped) return false;
    if (!this.isDirty) return true;
    this.show("saving");
    const done = await this.#send(this.#version);
    if (done) this.changed();
    return done && !this.isDirty;
  }

  // The page goes out of sight and may not come back: no waiting for an answer that is under way. The version that
  // such an answer will bring is known; if it does not, this is a conflict, and nothing is overwritten.
  leave() {
    if (this.#stopped || !this.isDirty) return;
    clearTimeout(this.#timer);
    this.#send(this.#version + this.#pending.size);
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
    this.#stopped = this.#failing = false;
  }

  #text() {
    return JSON.stringify(this.read());
  }

  #later(wait) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), wait);
  }

  async #send(version) {
    const request = this.#exchange(version, this.#text(), true);
    this.#pending.add(request);
    try {
      return await request;
    } finally {
      this.#pending.delete(request);
    }
  }

  async #exchange(version, text, mayRenew) {
    this.#due = 0;
    let response;
    try {
      response = await this.#post(`{"version":${version},"content":${text}}`);
    } catch {
      this.#unanswered = text;
      return this.#failed("offline", true);
    }
    if (response.ok) {
      const answer = await response.json();
      if (answer.version > this.#version) [this.#version, this.#saved] = [answer.version, text];
      this.#failing = false;
      this.show("saved", answer.savedAt);
      this.answered(answer);
      return true;
    }
    if (response.status === 403 && mayRenew && (await this.#renewToken())) return this.#exchange(version, text, false);
    if (response.status >= 500) return this.#failed("refused", true);
    if (response.status === 409) return this.#collided(await response.json());
    this.#stopped = true;
    return this.#failed({ 401: "signedOut", 403: "signedOut", 404: "gone" }[response.status] ?? "refused", false);
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

  // Another window was faster; unless what is stored is our own, from a request whose answer was lost.
  #collided(stored) {
    if (this.#unanswered && alike(stored.content, JSON.parse(this.#unanswered))) {
      [this.#version, this.#saved, this.#unanswered] = [stored.version, this.#unanswered, null];
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

// Equal values, whatever the order of their keys.
function alike(one, other) {
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && alike(one[key], other[key]));
}
