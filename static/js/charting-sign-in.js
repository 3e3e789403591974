// Signing in again without leaving the page: the clinic's own sign-in, asked behind this page's form.

export class SignInAgain {
  #step = "password";

  // form: holds [data-step] parts and [data-part="error"]; done() once the person is signed in again.
  constructor({ form, url, email, words, done }) {
    Object.assign(this, { form, url, email, words, done });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  ask() {
    if (!this.form.hidden) return;
    this.#show("password");
    this.form.hidden = false;
    document.activeElement?.scrollIntoView({ block: "center" }); // not under the form, for who goes on typing
  }

  hide() {
    this.form.hidden = true;
    this.form.reset();
  }

  #show(step, error = "") {
    this.#step = step;
    for (const element of this.form.querySelectorAll("[data-step]")) element.hidden = element.dataset.step !== step;
    const place = this.form.querySelector('[data-part="error"]');
    place.textContent = error;
    place.hidden = !error;
  }

  async #submit() {
    const field = this.form.querySelector(`[data-step="${this.#step}"] input`);
    const typed = field.value;
    field.value = "";
    const button = this.form.querySelector("button");
    button.disabled = true;
    try {
      const answer = await this.#send(this.#step === "password" ? { login: this.email, password: typed } : { code: typed });
      if (answer.error) return this.#show(this.#step, answer.error);
      if (answer.location.includes("2fa") && this.#step === "password") {
        this.url = answer.location;
        this.#show("code");
        return this.form.querySelector('[data-step="code"] input').focus();
      }
      this.hide();
      this.done();
    } catch {
      this.#show(this.#step, this.words.offline);
    } finally {
      button.disabled = false;
    }
  }

  // The page of the form gives its token; the answer says where it would lead, or what is wrong.
  async #send(values) {
    const page = await (await fetch(this.url, { credentials: "same-origin" })).text();
    const token = new DOMParser().parseFromString(page, "text/html").querySelector('[name="csrfmiddlewaretoken"]')?.value;
    if (!token) return { location: "" }; // signed in again meanwhile, in another window
    const response = await fetch(this.url, {
      method: "POST",
      headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest", "X-CSRFToken": token },
      body: new URLSearchParams(values),
      credentials: "same-origin",
    });
    const answer = await response.json();
    if (answer.location) return { location: answer.location };
    const fields = Object.values(answer.form?.fields ?? {}).flatMap((field) => field.errors ?? []);
    return { error: [...(answer.form?.errors ?? []), ...fields].join(" ") || this.words.refused };
  }
}
