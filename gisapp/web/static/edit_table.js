/* The attributes of a layer as a table, a page at a time: typed into the cells, saved like everything else. */
(() => {
  "use strict";

  const PAGE = 50;
  const WAIT_MS = 250;

  class Table {
    constructor(editor) {
      Object.assign(this, { editor, element: editor.element, start: 0, text: "", rows: [], total: 0 });
      const say = (key, values) => editor.say(key, values);
      this.field = this.element("input", { type: "search", id: "ge-find", autocomplete: "off" });
      this.field.addEventListener("input", () => {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => { this.text = this.field.value; this.start = 0; this.load(); }, WAIT_MS);
      });
      this.count = this.element("p", { role: "status" });
      this.body = this.element("tbody", {});
      this.fields = editor.form.fields.filter((field) => field.type !== "properties");
      const heads = ["row_title", ...this.fields].map((field) => this.element("th", { scope: "col" }, field.label ? `${field.label}${field.unit ? `（${field.unit}）` : ""}` : say("row_title")));
      this.back = this.element("button", { type: "button", onclick: () => this.turn(-PAGE) }, say("page_back"));
      this.on = this.element("button", { type: "button", onclick: () => this.turn(PAGE) }, say("page_on"));
      this.box = this.element("section", { class: "ge-table", "aria-label": say("tab_table") },
        this.element("div", { class: "ge-row" }, this.element("label", { for: "ge-find" }, say("find")), this.field, this.count),
        this.element("div", { class: "ge-scroll", tabindex: "0", role: "region", "aria-label": say("tab_table") }, this.element("table", {}, this.element("thead", {}, this.element("tr", {}, ...heads)), this.body)),
        this.element("div", { class: "ge-row" }, this.back, this.on));
      document.body.append(this.box);
    }

    turn(by) {
      this.start = Math.max(0, this.start + by);
      this.load();
    }

    async load() {
      const asked = (this.asked = (this.asked || 0) + 1);
      let found;
      try {
        found = await this.editor.fetchJson(`${this.editor.base}/rows.json?start=${this.start}&q=${encodeURIComponent(this.text)}`);
      } catch {
        this.count.textContent = this.editor.say("draw_failed");
        return;
      }
      if (asked !== this.asked) return;
      Object.assign(this, { rows: found.rows, total: found.total, version: found.version });
      this.show();
    }

    show() {
      const first = this.total ? this.start + 1 : 0;
      this.count.textContent = this.editor.say("row_count", { first, last: this.start + this.rows.length, total: this.total.toLocaleString("ja") });
      this.back.disabled = this.start === 0;
      this.on.disabled = this.start + PAGE >= this.total;
      const focused = document.activeElement && document.activeElement.id;
      this.body.replaceChildren(...this.rows.map((row) => this.line(row)));
      if (focused && focused.startsWith("gt-")) { const again = document.getElementById(focused); if (again) again.focus(); }
    }

    line(row) {
      const feature = { ...row, version: this.version, title: row.values.name || row.feature_id };
      const wished = this.editor.asWished(feature);
      const item = this.editor.work.get(row.feature_id);
      const title = wished.values.name || row.feature_id;
      const cells = this.fields.map((field) => {
        const put = (given) => this.editor.change(feature, { values: { [field.name]: given } });
        const input = this.editor.inputOf({ ...field, multiline: false }, wished.values[field.name], put);
        input.id = `gt-${row.feature_id}-${field.name}`;
        input.setAttribute("aria-label", `${title} ${field.label}`);
        input.disabled = Boolean(wished.gone);
        const changed = item && field.name in item.values;
        const fault = this.editor.faults.find((one) => one.feature_id === row.feature_id && one.column === field.name);
        if (fault) { input.setAttribute("aria-invalid", "true"); input.title = fault.message; }
        return this.element("td", { class: changed ? "ge-changed" : "" }, changed ? this.element("span", { class: "ge-mark" }, this.editor.say("changed_mark")) : null, input, fault ? this.element("p", { class: "ge-fault" }, fault.message) : null);
      });
      return this.element("tr", {}, this.element("th", { scope: "row" }, this.element("button", { type: "button", class: "ge-link", onclick: () => this.editor.select(row.feature_id, true), "aria-label": this.editor.say("on_map", { title }) }, wished.gone ? this.editor.say("gone_row", { title: row.feature_id }) : row.feature_id)), ...cells);
    }
  }

  window.gisapp.editTable = (editor) => new Table(editor);
})();
