// A table of one's own as data: a file is chosen or dropped, looked into by the page's server, and a column of it chosen to be predicted.

import { ask, sendFile } from "./api.js";
import { make } from "./dom.js";
import { count, language, t } from "./text.js";

export class OwnTable {
  // where: the way to the editor's questions; most: bytes of a file; held: what is known of a table already, or null; changed: told
  // of another table, of another column of it, and of what is wrong, with what to put the keyboard on.
  constructor(where, most, held, changed) {
    Object.assign(this, { where, most, held, changed, busy: false, trouble: null });
  }

  get facts() {
    return this.held?.facts ?? null;
  }

  async bring(file) {
    if (file.size > this.most) return this.fail(t("a file of more than {most} MB is too large for the page; vitrina train takes it", { most: this.most >> 20 }));
    this.busy = true;
    this.changed();
    try {
      this.held = await sendFile(`${this.where}table`, file, { name: file.name, lang: language() });
    } catch (error) {
      this.busy = false;
      return this.fail(error.message);
    }
    this.busy = false;
    await this.aim(this.held.columns.at(-1));
  }

  async aim(target) {
    const { table } = this.held;
    this.held.target = target;
    this.held.facts = this.trouble = null;
    try {
      const facts = await ask(`${this.where}facts`, { table, target, lang: language() });
      if (this.held.table !== table || this.held.target !== target) return; // somebody chose another meanwhile
      this.held.facts = facts;
    } catch (error) {
      return this.fail(error.message);
    }
    this.changed("#target");
  }

  fail(sentence) {
    this.trouble = sentence === "gone" ? t("The server of this page cannot be reached; start it again with vitrina watch. The page then goes on by itself.") : sentence;
    this.changed();
  }

  // The part of the editor.
  build() {
    const { held } = this;
    const chosen = make("input", { type: "file", id: "file", accept: ".csv,.tsv,.txt,.parquet,.pq,.arrow,.arrows,.feather,.ipc,.jsonl,.ndjson", onchange: () => chosen.files.length && this.bring(chosen.files[0]) });
    const words = this.busy ? t("Looking into it …") : held ? t("another table") : t("Choose a table, or drop one on this page");
    const box = make("label", { class: "drop" }, chosen, make("b", {}, words), make("span", { class: "quiet small" }, t("CSV, JSON lines, Parquet or Arrow, up to {most} MB. It stays on this machine.", { most: this.most >> 20 })));
    const trouble = this.trouble ? make("p", { class: "bad", role: "alert" }, this.trouble) : null;
    if (!held) return make("div", { class: "own" }, box, trouble);
    const columns = make("select", { id: "target", onchange: () => this.aim(columns.value) }, ...held.columns.map((name) => make("option", { value: name, selected: name === held.target }, name)));
    return make("div", { class: "own" },
      make("p", {}, make("b", {}, held.name), " ", make("span", { class: "quiet small" }, t("{rows} rows, {columns} columns", { rows: count(held.rows), columns: count(held.columns.length) }))),
      make("label", { class: "aim" }, make("span", { class: "quiet" }, t("to be predicted")), columns), trouble, box);
  }
}
