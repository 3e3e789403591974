// What is not saved yet, kept in this browser through a crash or an hour without a connection.
//
// It is encrypted (AES-GCM) with a key that the server hands to the draft's author with the page, and that is never
// stored here: on a shared tablet it can be read by nobody else, and by nobody at all without signing in. It is
// removed as soon as the server has it. Each page removes only what it kept itself, and what it took over from an
// earlier page. Without encryption (plain http) nothing is kept.

const STORE = "unsaved";
const AFTER = 250; // ms in which changes are gathered
const OLDEST = 7 * 24 * 60 * 60 * 1000; // ms after which what nobody came back for is removed

export class Keep {
  #db;
  #key;
  #name;
  #owner; // this page among those that chart the same draft
  #taken = []; // rows of earlier pages whose work this page has
  #timer = null;
  #waiting = null;
  #queue = Promise.resolve();

  // null where the browser can keep nothing.
  static async open({ name, key }) {
    if (!globalThis.crypto?.subtle || !globalThis.indexedDB) return null;
    try {
      const keep = new Keep();
      const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
      keep.#key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
      keep.#db = await opened();
      [keep.#name, keep.#owner] = [name, crypto.randomUUID()];
      await keep.#removeOld();
      return keep;
    } catch {
      return null;
    }
  }

  // What other pages left under this name, the oldest first: [{row, value}], without what cannot be read any more.
  async read() {
    const rows = await this.#ask("readonly", (store) => store.getAll(IDBKeyRange.bound([this.#name], [this.#name, []])));
    const left = await Promise.all(rows.filter(({ owner }) => owner !== this.#owner).map((row) => this.#readRow(row)));
    return left.filter(Boolean).sort((one, other) => one.row.at - other.row.at);
  }

  async #readRow(row) {
    try {
      const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: row.iv }, this.#key, row.data);
      return { row, value: JSON.parse(new TextDecoder().decode(text)) };
    } catch {
      return null;
    }
  }

  // From the next put() or clear() on, what that row held is this page's: then it goes, if it is still the same.
  take(row) {
    this.#taken.push(row);
  }

  put(value) {
    this.#waiting = { value, taken: [...this.#taken] };
    this.#timer ??= setTimeout(() => this.flush(), AFTER);
  }

  flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting) this.#queue = this.#queue.then(() => this.#write(waiting)).catch(() => {});
    return this.#queue;
  }

  clear() {
    clearTimeout(this.#timer);
    this.#timer = this.#waiting = null;
    const taken = [...this.#taken];
    this.#queue = this.#queue.then(() => this.#replace(taken, (store, name) => store.delete(name))).catch(() => {});
    return this.#queue;
  }

  async #write({ value, taken }) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, this.#key, new TextEncoder().encode(JSON.stringify(value)));
    await this.#replace(taken, (store, name) => store.put({ iv, data, owner: this.#owner, at: Date.now() }, name));
  }

  // Changes this page's row, and removes those that it took over, all or nothing.
  #replace(taken, change) {
    return this.#ask("readwrite", (store) => {
      for (const { owner, at } of taken) {
        const name = [this.#name, owner];
        store.get(name).onsuccess = ({ target }) => target.result?.at === at && store.delete(name);
      }
      return change(store, [this.#name, this.#owner]);
    });
  }

  async #removeOld() {
    const names = await this.#ask("readonly", (store) => store.getAllKeys());
    for (const name of names) {
      const row = await this.#ask("readonly", (store) => store.get(name));
      if (row && Date.now() - row.at > OLDEST) await this.#ask("readwrite", (store) => store.delete(name));
    }
  }

  #ask(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.#db.transaction(STORE, mode, { durability: "strict" });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("nappage", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
