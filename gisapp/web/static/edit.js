/* Editing a layer on the map: tap, move, draw, fill in the form, save. The work lies in this browser until the server
   has said yes to it; a reload loses nothing. Every word of a person or a file enters the page as text. */
(() => {
  "use strict";

  const UNDO_STEPS = 100;
  const CLOSE_ZOOM = 17;
  const CROWDED = 40; // handles that leave room for a finger
  const TOO_MANY = 400; // handles that a telephone can still draw
  const ALL_PARTS = { Point: "Marker", LineString: "Line", Polygon: "Polygon" };
  const COPY = (value) => JSON.parse(JSON.stringify(value));

  async function post(url, body) {
    const answer = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    let found = {};
    try { found = await answer.json(); } catch { /* a proxy's own page: the status says enough */ }
    return { status: answer.status, found };
  }

  class Editor {
    constructor(live, tools) {
      Object.assign(this, { live, ...tools, map: live.map, work: new Map(), undoSteps: [], faults: [], waiting: [] });
      this.shapes = L.layerGroup().addTo(this.map);
    }

    say(key, values = {}) {
      return (this.form.words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
    }

    async open() {
      this.id = await this.layerOfThePage();
      this.base = `/edits/${encodeURIComponent(this.id)}`;
      try {
        this.form = await this.fetchJson(`${this.base}/form.json`);
      } catch {
        this.live.status.textContent = this.live.say("failed", { layers: this.id });
        return;
      }
      this.layer = this.live.config.layers.find((one) => one.id === this.id);
      for (const layer of this.live.config.layers) this.live.off.add(layer.id); // what is edited is drawn here
      this.store = `gisapp-edit-${this.id}-${this.form.login}`;
      this.makePanel();
      this.map.invalidateSize({ animate: false }); // the panel has taken its part
      if (window.innerWidth <= 900 && window.frameElement) window.frameElement.scrollIntoView();
      this.map.pm.setLang("ja");
      L.PM.setOptIn(true); // neither base map nor other layers can be changed
      this.restore();
      this.map.on("moveend", () => this.draw());
      this.map.on("pm:create", ({ layer }) => this.created(layer));
      this.watchNews();
      document.addEventListener("keydown", (event) => this.key(event));
      await this.lookAtWaiting();
      this.firstView();
      await this.draw();
    }

    firstView() {
      const wanted = new URL(window.parent.location.href).searchParams.get("feature");
      if (wanted) { this.select(wanted, true); return; }
      const [west, south, east, north] = this.form.bounds;
      if (this.form.rows) this.map.fitBounds([[south, west], [north, east]], { animate: false, maxZoom: 16, padding: [30, 30] });
    }

    /* ---- the work that is not saved yet ---- */

    restore() {
      try {
        const kept = JSON.parse(localStorage.getItem(this.store) || "[]");
        for (const one of kept) this.work.set(one.feature_id, one);
      } catch { localStorage.removeItem(this.store); }
      if (this.work.size) this.tell(this.say("restored", { n: this.work.size }));
      this.showWork();
    }

    remember() {
      this.undoSteps.push(JSON.stringify([...this.work.values()]));
      if (this.undoSteps.length > UNDO_STEPS) this.undoSteps.shift();
    }

    keep() {
      const items = [...this.work.values()];
      try {
        if (items.length) localStorage.setItem(this.store, JSON.stringify(items));
        else localStorage.removeItem(this.store);
      } catch { this.tell(this.say("not_kept"), true); }
      this.showWork();
    }

    undo() {
      const before = this.undoSteps.pop();
      if (before === undefined) return;
      this.work = new Map(JSON.parse(before).map((one) => [one.feature_id, one]));
      this.faults = [];
      this.keep();
      this.reopen();
    }

    drop(id) {
      this.remember();
      this.work.delete(id);
      this.faults = this.faults.filter((fault) => fault.feature_id !== id);
      this.keep();
      if (this.selected && this.selected.feature_id === id) this.reopen();
      else this.draw();
    }

    // A change of one feature; what is set back to what it was is no change any more.
    change(feature, { values = {}, geometry = null, act = "update" }) {
      this.remember();
      const known = this.work.get(feature.feature_id);
      const item = known ? COPY(known) : { act, feature_id: feature.feature_id, seen: feature.version, values: {}, geometry: null, title: feature.title, was: {} };
      for (const [name, value] of Object.entries(values)) {
        if (!(name in item.was)) item.was[name] = feature.values[name] ?? null;
        if (item.act !== "create" && JSON.stringify(item.was[name]) === JSON.stringify(value)) { delete item.values[name]; delete item.was[name]; }
        else item.values[name] = value;
      }
      if (geometry) item.geometry = geometry;
      if (act === "delete") { item.act = "delete"; item.values = {}; item.geometry = null; }
      const nothing = item.act === "update" && !item.geometry && !Object.keys(item.values).length;
      if (nothing || (known && known.act === "create" && act === "delete")) this.work.delete(item.feature_id);
      else this.work.set(item.feature_id, item);
      this.faults = this.faults.filter((fault) => fault.feature_id !== item.feature_id);
      this.keep();
    }

    asWished(feature) {
      const item = this.work.get(feature.feature_id);
      if (!item) return feature;
      return { ...feature, values: { ...feature.values, ...item.values }, geometry: item.geometry || feature.geometry, gone: item.act === "delete" };
    }

    /* ---- saving ---- */

    async save(items = [...this.work.values()]) {
      if (!items.length || this.saving) return;
      this.saving = true;
      this.showWork();
      const changes = items.map(({ act, feature_id, seen, values, geometry, settles }) => ({ act, feature_id, seen, values, geometry, settles: settles || "" }));
      try {
        const { status, found } = await post(this.base, changes);
        if (status === 200 || status === 409) this.saved(found, items);
        else this.refused(status, found);
      } catch {
        this.tell(this.say("save_offline"), true);
      }
      this.saving = false;
      this.showWork();
    }

    saved(found, items) {
      const settled = new Set([...found.done, ...found.conflicts.map((one) => one.feature_id)]);
      for (const item of items) if (settled.has(item.feature_id)) this.work.delete(item.feature_id);
      this.faults = [];
      this.undoSteps = [];
      this.keep();
      this.form = { ...this.form, version: found.version, saved_at: found.saved_at, saved_by: found.saved_by };
      this.showVersion();
      if (found.made) this.tell(this.say("saved", { version: found.version, time: found.saved_at, by: found.saved_by }));
      else if (!found.conflicts.length) this.tell(this.say("saved_same"));
      for (const one of found.conflicts) this.waiting = [...this.waiting.filter((other) => other.feature_id !== one.feature_id), one];
      this.showWaiting();
      this.live.checkForNews();
      this.reopen();
      if (this.table) this.table.load();
      this.panel.scrollTo({ top: 0 }); // what was saved is said there
      if (found.conflicts.length) this.settle(found.conflicts[0]);
    }

    refused(status, found) {
      this.faults = found.faults || [];
      const message = found.message || this.say("save_failed", { status });
      this.tell(message, true, this.faults.map((fault) => `${this.titleOf(fault.feature_id)}：${fault.message}`));
      this.showForm();
      if (this.table) this.table.show();
    }

    titleOf(id) {
      const item = this.work.get(id);
      return (item && (item.values.name || item.title)) || id || this.form.title;
    }

    /* ---- conflicts ---- */

    async lookAtWaiting() {
      try { this.waiting = await this.fetchJson(`${this.base}/waiting.json`); } catch { this.waiting = []; }
      this.showWaiting();
    }

    showWaiting() {
      const { element } = this;
      this.waitingBox.replaceChildren(...this.waiting.map((one) => element("p", { class: "ge-wait" },
        this.say("waiting", { title: (one.mine || one.theirs || one.base).title }),
        element("button", { type: "button", onclick: () => this.settle(one) }, this.say("choose")))));
      this.waitingBox.hidden = !this.waiting.length;
    }

    settle(conflict) {
      window.gisapp.settle(this, conflict, async (change) => {
        if (change) return this.saveChosen(conflict, change);
        const { status } = await post(`${this.base}/waiting/${conflict.waiting}/drop`, {});
        if (status === 200) this.settled(conflict);
        else this.tell(this.say("save_failed", { status }), true);
        return null;
      });
    }

    async saveChosen(conflict, change) {
      const { status, found } = await post(this.base, [{ ...change, settles: conflict.waiting }]);
      if (status === 200 || status === 409) { this.settled(conflict); this.saved(found, []); }
      else this.tell(found.message || this.say("save_failed", { status }), true, (found.faults || []).map((fault) => fault.message));
    }

    settled(conflict) {
      this.waiting = this.waiting.filter((one) => one.waiting !== conflict.waiting);
      this.showWaiting();
      this.tell(this.say("settled"));
    }

    /* ---- other people's new versions ---- */

    watchNews() {
      const check = this.live.checkForNews.bind(this.live);
      this.live.checkForNews = async () => {
        await check();
        const layer = this.live.config.layers.find((one) => one.id === this.id);
        if (!layer) return;
        const before = this.layer && this.layer.version;
        this.layer = layer;
        if (layer.version === before) return;
        if (layer.version !== this.form.version) await this.newsCame();
        await this.draw();
      };
    }

    async newsCame() {
      try { this.form = await this.fetchJson(`${this.base}/form.json`); } catch { return; }
      this.showVersion();
      this.tell(this.say(this.work.size ? "news_kept" : "news", { version: this.form.version, by: this.form.saved_by, time: this.form.saved_at }));
      if (this.selected && !this.work.has(this.selected.feature_id)) await this.reopen();
      if (this.table) await this.table.load();
    }

    /* ---- the map ---- */

    async draw() {
      if (!this.layer || !this.layer.ok) return;
      const zoom = Math.round(this.map.getZoom());
      const bounds = this.map.getBounds().pad(0.2);
      const box = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()].map((side) => side.toFixed(6)).join(",");
      const asked = (this.asked = (this.asked || 0) + 1);
      let found;
      try {
        found = await this.fetchJson(`/live/layers/${encodeURIComponent(this.id)}.json?v=${this.layer.version}&bbox=${box}&z=${zoom}`);
      } catch { this.tell(this.say("draw_failed"), true); return; }
      if (asked !== this.asked) return; // a later look is under way
      this.shapes.clearLayers();
      for (const feature of found.features) {
        if (feature.properties.cluster) this.shapes.addLayer(this.crowd(feature));
        else if (!this.work.has(feature.properties.id) && !this.isOpen(feature.properties.id)) this.shapes.addLayer(this.plain(feature));
      }
      for (const item of this.work.values()) {
        if (item.geometry && !this.isOpen(item.feature_id)) this.shapes.addLayer(this.plain({ geometry: item.geometry, properties: { id: item.feature_id, title: this.titleOf(item.feature_id), unsaved: true } }));
        else if (!this.isOpen(item.feature_id)) {
          const drawn = found.features.find((feature) => feature.properties.id === item.feature_id);
          if (drawn) this.shapes.addLayer(this.plain({ ...drawn, properties: { ...drawn.properties, unsaved: true, gone: item.act === "delete" } }));
        }
      }
      this.map.getContainer().dataset.editing = "ready";
    }

    isOpen(id) { return this.selected && this.selected.feature_id === id; }

    crowd({ geometry, properties }) {
      const [lon, lat] = geometry.coordinates;
      const face = this.element("span", { class: "gm-cluster gm-cluster-layer" }, properties.cluster.toLocaleString("ja"));
      const pin = this.marker([lat, lon], { pane: "gm-point", alt: this.say("crowd", { n: properties.cluster }), icon: L.divIcon({ className: "gm-target", html: face, iconSize: [44, 44] }) });
      return this.pressed(pin, () => this.map.setView([lat, lon], Math.min(this.map.getZoom() + 2, 20)));
    }

    plain({ geometry, properties }) {
      const style = this.layer.legend.find((one) => one.key === properties.style) || this.layer.legend[0] || {};
      const open = () => this.select(properties.id);
      if (geometry.type === "Point") {
        const [lon, lat] = geometry.coordinates;
        const pin = this.marker([lat, lon], { pane: "gm-point", icon: this.pinIcon(style, properties), alt: `${this.form.title} ${properties.title || ""}` });
        return this.pressed(pin, () => this.isDrawing() || open());
      }
      const line = geometry.type.endsWith("LineString");
      const look = { pane: line ? "gm-line" : "gm-area", color: properties.unsaved ? "#0017c1" : style.stroke, weight: Math.max(style.weight_px || 2, line ? 5 : 2), dashArray: properties.gone ? "3 8" : style.dash, fill: !line, fillColor: style.fill, fillOpacity: 0.35 };
      return L.geoJSON(geometry, { ...look, pmIgnore: true, snapIgnore: false }).on("click", (event) => {
        if (this.isDrawing()) return; // the tap sets a corner of what is being drawn
        L.DomEvent.stop(event);
        open();
      });
    }

    pinIcon(style, properties, chosen) {
      const mark = properties.gone ? "✕" : style.letter || "";
      const face = this.element("span", { class: `gm-pin${chosen ? " ge-chosen" : ""}${properties.unsaved ? " ge-unsaved" : ""}` }, mark);
      face.style.background = style.fill;
      face.style.borderColor = style.stroke;
      face.style.color = this.readableOn(style.fill);
      const size = chosen ? 60 : 44;
      return L.divIcon({ className: "gm-target", html: face, iconSize: [size, size] });
    }

    pressed(pin, act) {
      return pin.on("click", act).on("keydown", ({ originalEvent }) => {
        if (originalEvent.key !== "Enter" && originalEvent.key !== " ") return;
        L.DomEvent.stop(originalEvent);
        act();
      });
    }

    /* ---- one feature ---- */

    async select(id, look = false) {
      this.close(false);
      const item = this.work.get(id);
      let feature;
      if (item && item.act === "create" && !item.settles) feature = { feature_id: id, version: item.seen, values: {}, geometry: item.geometry, title: item.title, isNew: true };
      else {
        try {
          feature = await this.fetchJson(`${this.base}/features/${encodeURIComponent(id)}.json`);
        } catch {
          this.tell(this.say(item ? "gone_with_work" : "feature_gone"), true);
          return;
        }
      }
      this.selected = feature;
      this.showTab("map");
      if (look) this.lookAt(this.asWished(feature).geometry);
      this.showForm();
      this.showHandle();
      await this.draw();
      this.formBox.querySelector("h2").focus({ preventScroll: true });
      if (window.innerWidth <= 900 && window.frameElement) window.frameElement.scrollIntoView();
      if (window.innerWidth <= 900) this.panel.scrollTop = this.formBox.offsetTop - 8;
    }

    async reopen() {
      const id = this.selected && this.selected.feature_id;
      this.close(false);
      if (!id) return this.draw();
      const item = this.work.get(id);
      if (item && item.act === "create") return this.select(id);
      try {
        this.selected = await this.fetchJson(`${this.base}/features/${encodeURIComponent(id)}.json`);
      } catch { return this.draw(); }
      this.showForm();
      this.showHandle();
      return this.draw();
    }

    close(draw = true) {
      if (this.handle) { if (this.handle.pm) this.handle.pm.disable(); this.handle.remove(); this.handle = null; }
      this.selected = null;
      if (this.formBox) this.formBox.replaceChildren();
      if (draw) this.draw();
    }

    lookAt(geometry) {
      const bounds = L.geoJSON(geometry).getBounds();
      if (geometry.type === "Point") this.map.setView(bounds.getCenter(), Math.max(this.map.getZoom(), CLOSE_ZOOM), { animate: false });
      else this.map.fitBounds(bounds, { animate: false, maxZoom: 18, padding: [40, 40] });
    }

    showHandle() {
      const wished = this.asWished(this.selected);
      if (wished.gone) return;
      if (wished.geometry.type === "Point") this.showPointHandle(wished);
      else this.showShapeHandle(wished);
    }

    showPointHandle(wished) {
      const style = this.layer.legend[0] || {};
      const [lon, lat] = wished.geometry.coordinates;
      this.handle = this.marker([lat, lon], { pane: "gm-report", draggable: true, autoPan: true, zIndexOffset: 1000, pmIgnore: false, snapIgnore: true, alt: this.say("handle", { title: wished.title }), icon: this.pinIcon(style, {}, true) }).addTo(this.map);
      this.handle.on("dragend", () => this.moved(this.handle.getLatLng()));
      this.handle.getElement().addEventListener("keydown", (event) => this.nudge(event));
    }

    // The arrow keys move the chosen point by a pixel, with Shift by ten: without a mouse nothing is out of reach.
    nudge(event) {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const by = event.shiftKey ? 10 : 1;
      const at = this.map.latLngToContainerPoint(this.handle.getLatLng()).add([step[0] * by, step[1] * by]);
      this.handle.setLatLng(this.map.containerPointToLatLng(at));
      clearTimeout(this.nudging);
      this.nudging = setTimeout(() => this.moved(this.handle.getLatLng()), 400);
    }

    moved({ lng, lat }) {
      this.change(this.selected, { geometry: { type: "Point", coordinates: [Number(lng.toFixed(8)), Number(lat.toFixed(8))] } });
      this.showPlace();
    }

    showShapeHandle(wished) {
      const style = this.layer.legend[0] || {};
      const drawn = L.geoJSON(wished.geometry, { color: "#0017c1", weight: 4, fill: !wished.geometry.type.endsWith("LineString"), fillColor: style.fill, fillOpacity: 0.3, pmIgnore: false, snapIgnore: true });
      this.handle = drawn.getLayers()[0].addTo(this.map);
      const options = { snappable: this.snap.checked, allowSelfIntersection: wished.geometry.type.endsWith("LineString"), draggable: true };
      const corners = JSON.stringify(wished.geometry.coordinates).split("],[").length;
      if (corners > CROWDED && (corners > TOO_MANY || window.matchMedia("(hover: hover)").matches)) options.limitMarkersToCount = CROWDED; // those near the pointer
      this.handle.pm.enable(options);
      const noted = () => this.change(this.selected, { geometry: this.handle.toGeoJSON(8).geometry });
      this.handle.on("pm:edit pm:vertexremoved pm:dragend", noted);
      this.handle.on("pm:layerreset", () => this.tell(this.say("crossing"), true)); // Geoman has put the point back
    }

    /* ---- drawing a new one ---- */

    startDrawing(type) {
      this.close();
      this.tell(this.say(`draw_${type.toLowerCase()}`));
      this.map.pm.enableDraw(ALL_PARTS[type], { snappable: this.snap.checked && type !== "Point", allowSelfIntersection: type !== "Polygon", continueDrawing: false, finishOn: type === "LineString" ? "dblclick" : null, markerStyle: { icon: this.pinIcon(this.layer.legend[0] || {}, {}, true) }, pathOptions: { color: "#0017c1" } });
      this.drawing(true);
    }

    isDrawing() { return !this.stopButton.hidden; }

    drawing(on) {
      this.stopButton.hidden = !on;
      for (const button of this.newButtons) button.hidden = on;
    }

    stopDrawing() { this.map.pm.disableDraw(); this.drawing(false); this.tell(""); }

    created(layer) {
      const geometry = layer.toGeoJSON(8).geometry;
      layer.remove();
      this.stopDrawing();
      const dice = crypto.getRandomValues(new Uint8Array(10));
      const id = `n${[...dice].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
      const feature = { feature_id: id, version: this.form.version, values: {}, geometry, title: this.say("new_title") };
      this.change(feature, { geometry, act: "create" });
      this.select(id);
    }

    /* ---- the panel ---- */

    makePanel() {
      const { element } = this;
      document.body.classList.add("ge-on");
      this.map.getContainer().classList.add("ge-map");
      this.panel = element("section", { class: "ge-panel", "aria-label": this.say("panel") });
      this.versionLine = element("p", { class: "ge-version" });
      this.waitingBox = element("div", { hidden: true });
      this.message = element("div", { class: "ge-message", role: "status", "aria-live": "polite", hidden: true });
      this.formBox = element("div", {});
      this.workBox = element("div", {});
      this.snap = element("input", { type: "checkbox", checked: !this.form.geometry.includes("Point") });
      this.snap.addEventListener("change", () => { if (this.handle && this.handle.pm && this.selected) this.reopen(); });
      this.newButtons = this.form.geometry.map((type) => element("button", { type: "button", class: "ge-new", onclick: () => this.startDrawing(type) }, this.say(`new_${type.toLowerCase()}`)));
      this.stopButton = element("button", { type: "button", hidden: true, onclick: () => this.stopDrawing() }, this.say("stop_drawing"));
      this.tabs = ["map", "table"].map((name) => element("button", { type: "button", "aria-pressed": String(name === "map"), onclick: () => this.showTab(name) }, this.say(`tab_${name}`)));
      const outlines = this.form.geometry.some((type) => type !== "Point");
      this.undoButton = element("button", { type: "button", onclick: () => this.undo() }, `↩ ${this.say("undo")}`);
      this.saveButton = element("button", { type: "button", class: "ge-save", onclick: () => this.save() }, this.say("save"));
      this.panel.append(
        element("div", { class: "ge-tabs", role: "group", "aria-label": this.say("tabs") }, ...this.tabs),
        this.versionLine, this.waitingBox, this.message,
        element("div", { class: "ge-tools" }, ...this.newButtons, this.stopButton,
          outlines ? element("label", { class: "ge-check" }, this.snap, element("span", {}, this.say("snap"))) : null),
        element("p", { class: "ge-hint" }, this.say(outlines ? "hint_shape" : "hint_point")),
        this.formBox, this.workBox);
      this.bar = element("div", { class: "ge-bar" }, this.undoButton, this.saveButton);
      this.panel.append(this.bar);
      document.body.append(this.panel);
      for (const box of this.map.getContainer().querySelectorAll(".gm-locate")) box.classList.add("ge-keep");
      this.showVersion();
    }

    showTab(name) {
      this.tabs.forEach((tab, i) => tab.setAttribute("aria-pressed", String(["map", "table"][i] === name)));
      if (name === "table" && !this.table) this.table = window.gisapp.editTable(this);
      if (this.table) this.table.box.hidden = name !== "table";
      document.body.classList.toggle("ge-tabled", name === "table");
      if (name !== "table") return;
      if (this.isDrawing()) this.stopDrawing();
      this.close();
      this.table.load();
    }

    showVersion() {
      this.versionLine.textContent = this.say("version", { title: this.form.title, version: this.form.version, time: this.form.saved_at, by: this.form.saved_by, rows: this.form.rows });
    }

    tell(text, alarm = false, lines = []) {
      this.message.hidden = !text;
      this.message.classList.toggle("ge-alarm", alarm);
      this.message.setAttribute("role", alarm ? "alert" : "status");
      this.message.replaceChildren(this.element("p", {}, text), ...(lines.length ? [this.element("ul", {}, ...lines.slice(0, 20).map((line) => this.element("li", {}, line)))] : []));
      if (alarm && this.panel.scrollTo) this.panel.scrollTo({ top: 0 });
    }

    showWork() {
      if (!this.workBox) return;
      const { element } = this;
      const items = [...this.work.values()];
      this.undoButton.disabled = !this.undoSteps.length;
      this.saveButton.disabled = !items.length || this.saving;
      this.saveButton.textContent = this.saving ? this.say("saving") : items.length ? this.say("save_n", { n: items.length }) : this.say("save");
      this.workBox.replaceChildren(...(items.length ? [element("h2", {}, this.say("unsaved", { n: items.length })), element("ul", { class: "ge-work" }, ...items.map((item) => this.workLine(item)))] : []));
      if (this.table) this.table.show();
    }

    workLine(item) {
      const parts = [...Object.keys(item.values).map((name) => this.labelOf(name)), ...(item.geometry && item.act === "update" ? [this.say("place")] : [])];
      const what = this.say(`work_${item.act}`, { parts: parts.join("・") });
      return this.element("li", {},
        this.element("button", { type: "button", class: "ge-link", onclick: () => this.select(item.feature_id, true) }, `${this.titleOf(item.feature_id)}：${what}`),
        this.element("button", { type: "button", "aria-label": this.say("drop_alt", { title: this.titleOf(item.feature_id) }), onclick: () => this.drop(item.feature_id) }, this.say("drop")));
    }

    labelOf(name) {
      const field = this.form.fields.find((one) => one.name === name);
      return field ? field.label : name;
    }

    /* ---- the form of one feature ---- */

    showForm() {
      if (!this.selected) return;
      const { element } = this;
      const wished = this.asWished(this.selected);
      const heading = element("h2", { tabindex: "-1" }, this.titleOf(this.selected.feature_id) === this.selected.feature_id ? wished.title : wished.values.name || wished.title);
      const head = element("div", { class: "ge-head" }, heading, element("button", { type: "button", onclick: () => this.close() }, this.say("close")));
      if (wished.gone) {
        this.formBox.replaceChildren(head, element("p", {}, this.say("will_be_deleted")), element("button", { type: "button", onclick: () => this.drop(this.selected.feature_id) }, this.say("undelete")));
        return;
      }
      this.placeBox = element("div", {});
      this.formBox.replaceChildren(head,
        ...this.form.fields.map((field) => this.fieldOf(field, wished)),
        this.placeBox,
        element("button", { type: "button", class: "ge-delete", onclick: () => this.askDelete() }, this.say("delete")));
      this.showPlace();
    }

    fieldOf(field, wished) {
      const id = `ge-${field.name}`;
      const value = wished.values[field.name];
      const mine = this.faults.filter((fault) => fault.feature_id === this.selected.feature_id && fault.column === field.name);
      const label = [field.label, field.unit ? `（${field.unit}）` : "", field.required ? ` ${this.say("required")}` : ""].join("");
      const put = (given) => this.change(this.selected, { values: { [field.name]: given } });
      if (field.type === "properties") return this.propertiesOf(field, value || {}, put);
      const input = this.inputOf(field, value, put);
      input.id = id;
      if (mine.length) { input.setAttribute("aria-invalid", "true"); input.setAttribute("aria-describedby", `${id}-fault`); }
      return this.element("div", { class: "ge-field" }, this.element("label", { for: id }, label), input,
        mine.length ? this.element("p", { class: "ge-fault", id: `${id}-fault` }, mine.map((fault) => fault.message).join(" ")) : null);
    }

    inputOf(field, value, put) {
      const { element } = this;
      if (field.type === "choice" || field.type === "bool") {
        const choices = field.type === "bool" ? [{ value: true, text: this.say("yes") }, { value: false, text: this.say("no") }] : field.allowed;
        const select = element("select", {}, element("option", { value: "" }, this.say(field.type === "bool" ? "unknown" : "empty")),
          ...choices.map((one, i) => element("option", { value: String(i), selected: one.value === value }, one.text)));
        select.addEventListener("change", () => put(select.value === "" ? null : choices[Number(select.value)].value));
        return select;
      }
      const number = field.type === "int" || field.type === "float";
      const input = field.multiline ? element("textarea", { rows: 3 }) : element("input", { type: "text", inputmode: field.type === "int" ? "numeric" : field.type === "float" ? "decimal" : false, autocomplete: "off" });
      input.value = value ?? "";
      if (field.suggested.length && !field.multiline) input.setAttribute("list", this.suggestions(field));
      input.addEventListener("change", () => {
        const text = input.value.trim();
        const plain = text.normalize("NFKC").replace(/,/g, "");
        put(text === "" ? null : number && /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : text);
      });
      return input;
    }

    suggestions(field) {
      const id = `ge-said-${field.name}`;
      if (!document.getElementById(id)) document.body.append(this.element("datalist", { id }, ...field.suggested.map((text) => this.element("option", { value: text }))));
      return id;
    }

    propertiesOf(field, values, put) {
      const { element } = this;
      const box = element("fieldset", { class: "ge-field" }, element("legend", {}, field.label));
      for (const [title, value] of Object.entries(values)) {
        const input = element("input", { type: "text", "aria-label": title });
        input.value = value ?? "";
        input.addEventListener("change", () => { values = { ...values, [title]: typeof value === "number" && input.value !== "" && !Number.isNaN(Number(input.value)) ? Number(input.value) : input.value }; put(values); });
        box.append(element("label", {}, element("span", {}, title), input));
      }
      return box;
    }

    showPlace() {
      if (!this.placeBox || !this.selected) return;
      const { element } = this;
      const wished = this.asWished(this.selected);
      const faults = this.faults.filter((fault) => fault.feature_id === this.selected.feature_id && (fault.column === "geometry" || fault.column === null));
      const told = faults.map((fault) => element("p", { class: "ge-fault" }, fault.message));
      if (wished.geometry.type !== "Point") { this.placeBox.replaceChildren(...told); return; }
      const inputs = ["lat", "lon"].map((name, i) => {
        const input = element("input", { type: "text", inputmode: "decimal", id: `ge-${name}`, autocomplete: "off" });
        input.value = wished.geometry.coordinates[1 - i].toFixed(6);
        input.addEventListener("change", () => this.typed(inputs));
        return input;
      });
      this.placeBox.replaceChildren(element("div", { class: "ge-lonlat" }, ...inputs.map((input, i) => element("div", { class: "ge-field" }, element("label", { for: input.id }, this.say(["lat", "lon"][i])), input))), ...told);
    }

    typed(inputs) {
      const [lat, lng] = inputs.map((input) => Number(input.value.normalize("NFKC")));
      if (!Number.isFinite(lat) || !Number.isFinite(lng) || !lat || !lng) { this.tell(this.say("bad_place"), true); return; }
      if (this.handle) this.handle.setLatLng([lat, lng]);
      this.map.panTo([lat, lng]);
      this.moved({ lat, lng });
    }

    askDelete() {
      const { element } = this;
      const dialog = element("dialog", { class: "ge-dialog ge-small", "aria-labelledby": "ge-ask" });
      const done = (yes) => {
        dialog.close();
        dialog.remove();
        if (!yes) return;
        const feature = this.selected;
        const isNew = (this.work.get(feature.feature_id) || {}).act === "create";
        this.change(feature, { act: "delete" });
        if (isNew) this.close();
        else this.reopen();
      };
      dialog.append(element("h2", { id: "ge-ask" }, this.say("ask_delete", { title: this.titleOf(this.selected.feature_id) === this.selected.feature_id ? this.selected.title : this.titleOf(this.selected.feature_id) })), element("p", {}, this.say("ask_delete_text")),
        element("div", { class: "ge-row" }, element("button", { type: "button", onclick: () => done(false) }, this.say("cancel")), element("button", { type: "button", class: "ge-delete", onclick: () => done(true) }, this.say("delete"))));
      dialog.addEventListener("cancel", () => done(false));
      document.body.append(dialog);
      dialog.showModal();
    }

    key(event) {
      if (event.key === "Escape" && this.isDrawing()) this.stopDrawing();
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if ((event.ctrlKey || event.metaKey) && event.key === "z" && !typing) { event.preventDefault(); this.undo(); }
      if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); this.save(); }
    }
  }

  window.gisapp.parts.push((live, tools) => {
    if (!live.options.edit) return;
    window.gisapp.editor = new Editor(live, tools);
    window.gisapp.editor.open();
  });
})();
