/* The live map: asks the app's own routes for what the viewport needs and draws it.
   Every word that a person or a file supplied enters the page as text (textContent), never as markup. */
(() => {
  "use strict";

  const REFRESH_MS = 20000; // how often the page asks whether anything has changed
  const PROBE_MS = 4000; // how long 地理院タイル may take before the town's own drawing stays
  const TILES_LOST = 4;
  const LAYER_WAIT_MS = 5000;
  const LETTER_PX = 13.5;
  const ROOM_PX = 46; // what a finger needs, and a little
  const STATE_SHAPES = { open: "●", working: "▲", done: "✓", closed: "－" };
  const BASE_LAYERS = ["boundary", "zoning", "river", "road_section", "public_facility"];
  const OUTLINES = ["boundary", "neighbourhood_association", "school_district", "parcel", "aerial_image"]; // drawn over others, so without a fill
  const ROAD_WIDTHS = { road_national: 5, road_prefectural: 4, road_municipal: 2.2, road_private: 1.4 };
  const ROAD_COLOURS = { road_national: "#e2a64a", road_prefectural: "#e8cf6a", road_municipal: "#ffffff", road_private: "#e4e0da" };
  const PANES = { area: "gm-area", line: "gm-line", point: "gm-point", label: "gm-label" };
  const PATTERN_ALPHA = 0.75;
  const FIRST_WORDS = { // until the town's own have come
    map_label: "地図。矢印キーで動かし、プラスとマイナスで拡大・縮小します。", zoom_in: "拡大", zoom_out: "縮小",
    config_failed: "地図のデータを読み込めません。通信を確かめて、ページを開き直してください。",
  };

  /* ---- small pieces ---- */

  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") node.className = value;
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    for (const child of children) if (child != null) node.append(child); // strings become text nodes
    return node;
  }

  // The page's address names the layer; Streamlit writes it there a moment after one was chosen.
  async function layerOfThePage() {
    const until = Date.now() + LAYER_WAIT_MS;
    for (;;) {
      const id = new URL(window.parent.location.href).searchParams.get("layer");
      if (id || Date.now() > until) return id || "";
      await new Promise((done) => { setTimeout(done, 100); });
    }
  }

  async function fetchJson(url, signal) {
    const answer = await fetch(url, { signal, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  }

  // Leaflet puts alt on <img> icons only; ours are drawn, so screen readers need the label.
  function marker(latlng, options) {
    const pin = L.marker(latlng, options);
    return pin.on("add", () => options.alt && pin.getElement().setAttribute("aria-label", options.alt));
  }

  /* ---- patterns, so that colour is never the only sign ---- */

  const patternTiles = new Map();

  function patternTile(name, colour) {
    const key = `${name} ${colour}`;
    if (patternTiles.has(key)) return patternTiles.get(key);
    const tile = document.createElement("canvas");
    tile.width = tile.height = 12;
    const pen = tile.getContext("2d");
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 1.4;
    const line = (x1, y1, x2, y2) => { pen.beginPath(); pen.moveTo(x1, y1); pen.lineTo(x2, y2); pen.stroke(); };
    if (name === "hatch" || name === "cross") { line(-2, 14, 14, -2); line(-2, 2, 2, -2); line(10, 14, 14, 10); }
    if (name === "cross") { line(-2, -2, 14, 14); line(10, -2, 14, 2); line(-2, 10, 2, 14); }
    if (name === "dots") { pen.beginPath(); pen.arc(6, 6, 1.7, 0, 7); pen.fill(); }
    patternTiles.set(key, tile);
    return tile;
  }

  const PatternCanvas = L.Canvas.extend({
    // One canvas lies over another, so none takes the pointer; the map asks them all, the upper first.
    _initContainer() {
      L.Canvas.prototype._initContainer.call(this);
      this._container.style.pointerEvents = "none";
    },

    // The uppermost shape at a point of the layer plane that can be pressed.
    shapeAt(point) {
      let found = null;
      for (let at = this._drawFirst; at; at = at.next) {
        if (at.layer.options.interactive && at.layer._containsPoint(point)) found = at.layer;
      }
      return found;
    },

    _fillStroke(pen, layer) {
      L.Canvas.prototype._fillStroke.call(this, pen, layer);
      const { pattern, fill, patternColour, share = 1 } = layer.options;
      if (!fill || !pattern || pattern === "none") return;
      pen.globalAlpha = PATTERN_ALPHA * share;
      pen.fillStyle = pen.createPattern(patternTile(pattern, patternColour), "repeat");
      pen.fill("evenodd");
      pen.globalAlpha = 1;
    },
  });

  function swatch(style) {
    const box = element("canvas", { class: "gm-swatch", width: 32, height: 22, "aria-hidden": "true" });
    const pen = box.getContext("2d");
    pen.fillStyle = style.fill || "#ffffff";
    pen.strokeStyle = style.stroke || "#444444";
    pen.lineWidth = Math.min(style.weight_px || 1, 4);
    if (style.shape === "line") {
      if (style.dash) pen.setLineDash(style.dash.split(/[ ,]+/).map(Number));
      pen.beginPath(); pen.moveTo(2, 11); pen.lineTo(30, 11); pen.stroke();
    } else if (style.shape === "point") {
      pen.beginPath(); pen.arc(16, 11, 9, 0, 7); pen.fill(); pen.stroke();
      pen.fillStyle = readableOn(style.fill); pen.font = "bold 12px sans-serif";
      pen.textAlign = "center"; pen.textBaseline = "middle"; pen.fillText(style.letter || "", 16, 12);
    } else {
      pen.fillRect(2, 2, 28, 18);
      if (style.pattern && style.pattern !== "none") {
        pen.fillStyle = pen.createPattern(patternTile(style.pattern, style.stroke || "#444444"), "repeat");
        pen.fillRect(2, 2, 28, 18);
      }
      pen.strokeRect(2, 2, 28, 18);
    }
    return box;
  }

  function readableOn(colour) {
    const hex = /^#([0-9a-f]{6})$/i.exec(colour || "");
    if (!hex) return "#1a1a1c";
    const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex[1].slice(i, i + 2), 16));
    return r * 0.299 + g * 0.587 + b * 0.114 > 150 ? "#1a1a1c" : "#ffffff";
  }

  /* ---- the map ---- */

  class LiveMap {
    constructor(map, options, bases) {
      Object.assign(this, { map, options, bases, words: { ...FIRST_WORDS, ...options.words }, live: new Map(), tileBase: null, baseChoice: "town" });
      this.pending = new Map();
      this.off = new Set();
      this.filters = { category: new Set(), state: new Set(), period: new Set(), q: new Set() };
      this.shares = new Map(); // layer id -> how strongly it is drawn, 1 for all that are not named
      this.elsewhere = new Set(); // layers that a tool draws in panes of its own
      this.rowParts = []; // what tools add to a layer's row in the panel
      this.tool = ""; // the tool that a tap on the map belongs to
      this.cardRoom = () => [10, 70]; // what a card leaves free at the left and above
    }

    async open() {
      this.makePanes();
      if (window.frameElement) {
        document.documentElement.lang = "ja";
        window.frameElement.title = "地図";
      }
      this.map.attributionControl.setPrefix(false);
      this.map.getContainer().classList.add("gm-map");
      this.map.getContainer().setAttribute("aria-label", this.say("map_label"));
      L.control.zoom({ position: "bottomright", zoomInTitle: this.say("zoom_in"), zoomOutTitle: this.say("zoom_out") }).addTo(this.map);
      this.status = element("div", { class: "gm-status", role: "status" });
      this.map.getContainer().append(this.status);
      try {
        this.config = await fetchJson(this.options.config);
      } catch (problem) {
        this.status.textContent = this.say("config_failed");
        return;
      }
      this.map.invalidateSize({ animate: false }); // the frame has got its height since Leaflet measured it
      new ResizeObserver(() => this.map.invalidateSize()).observe(this.map.getContainer());
      this.words = { ...this.words, ...this.config.words };
      this.stamp = this.config.stamp;
      this.defaults();
      if (window.gisapp.ownBase) window.gisapp.ownBase(this);
      this.startBase();
      this.addControls();
      if (!this.options.pin && !this.options.focus && !this.options.view) this.fitTown(); // beside the panel, where there is one
      if (this.options.pick) this.startPicking();
      this.map.on("moveend", () => this.refresh());
      setInterval(() => this.checkForNews(), this.options.refreshMs || REFRESH_MS);
      document.addEventListener("visibilitychange", () => this.checkForNews());
      for (const part of window.gisapp.parts) part(this, { element, fetchJson, marker, swatch, readableOn, patternTile, layerOfThePage, outlines: OUTLINES });
      await this.refresh();
      this.openLinkedReport();
    }

    // A link such as /?report=R8-000123 opens the map at the report, with its card.
    openLinkedReport() {
      const id = new URL(window.parent.location.href).searchParams.get("report");
      if (!this.options.focus || !/^R\d+-\d{6}$/.test(id || "")) return;
      this.openCard([this.options.focus[1], this.options.focus[0]], this.reportPopup(id));
    }

    say(key, values = {}) {
      return (this.words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
    }

    makePanes() {
      const heights = { "gm-base": 150, "gm-area": 350, "gm-line": 360, "gm-label": 380, "gm-point": 610, "gm-report": 640 };
      this.renderers = {};
      for (const [name, height] of Object.entries(heights)) {
        this.map.createPane(name).style.zIndex = height;
        this.renderers[name] = this.rendererOf(name);
      }
      for (const name of ["gm-base", "gm-label"]) this.map.getPane(name).style.pointerEvents = "none";
      this.map.on("click", (event) => {
        const shape = this.shapeAt(event);
        if (shape) shape.fire("click", { latlng: event.latlng, originalEvent: event.originalEvent });
      });
      let asked = 0;
      this.map.on("mousemove", (event) => {
        cancelAnimationFrame(asked);
        asked = requestAnimationFrame(() => this.map.getContainer().classList.toggle("gm-over", !this.tool && Boolean(this.shapeAt(event))));
      });
    }

    // What lies under the pointer among the drawn lines and areas; pins are pressed by themselves.
    shapeAt({ layerPoint }) {
      const panes = Object.keys(this.renderers).filter((name) => this.renderers[name]._container);
      panes.sort((one, other) => this.map.getPane(other).style.zIndex - this.map.getPane(one).style.zIndex);
      for (const name of panes) {
        const shape = this.renderers[name].shapeAt(layerPoint);
        if (shape) return shape;
      }
      return null;
    }

    rendererOf(pane) {
      return new PatternCanvas({ pane, padding: 0.3 });
    }

    defaults() {
      for (const layer of this.config.layers) if (!layer.default_on || this.options.pick || this.options.layersOff) this.off.add(layer.id);
      const [west, south, east, north] = this.config.town.bounds;
      this.map.setMaxBounds(L.latLngBounds([south - 0.3, west - 0.3], [north + 0.3, east + 0.3]));
      const place = this.options.pin || this.options.focus;
      if (place) this.map.setView([place[1], place[0]], 17, { animate: false });
    }

    fitTown() {
      const [west, south, east, north] = this.config.town.bounds;
      const panel = this.map.getContainer().classList.contains("gm-with-panel") ? 340 : 0;
      this.map.fitBounds([[south, west], [north, east]], { animate: false, paddingBottomRight: [panel, 20], paddingTopLeft: [0, 50] });
    }

    /* ---- base maps ---- */

    startBase() {
      this.drawBaseBackground();
      if (this.bases.municipal && !this.config.town.sample) return setTimeout(() => this.chooseBase(this.bases[this.wantedBase] || this.wantedBase === "town" ? this.wantedBase : "municipal"), 0);
      if (this.options.ownBaseOnly) return this.noteBase(null);
      if (!Object.keys(this.bases).length || !this.config.tiles) return this.noteBase(false);
      if (this.config.town.sample) return this.noteBase(null); // a made-up town lies on no real map
      const probe = new Image();
      const decide = (reachable) => {
        clearTimeout(timer);
        probe.onload = probe.onerror = null;
        this.noteBase(reachable);
        if (reachable) this.chooseBase(this.bases[this.wantedBase] || this.wantedBase === "town" ? this.wantedBase : "pale");
      };
      const timer = setTimeout(() => decide(false), PROBE_MS);
      probe.onload = () => decide(true);
      probe.onerror = () => decide(false);
      const { x, y } = this.map.project(this.map.getCenter(), 10).divideBy(256).floor();
      probe.src = L.Util.template(this.bases.pale._url, { z: 10, x, y });
    }

    noteBase(reachable) {
      this.baseNote = reachable === false ? this.say("base_own") : "";
      this.showStatus();
    }

    drawBaseBackground() {
      this.map.getContainer().classList.add("gm-town-base");
      const [west, south, east, north] = this.config.town.bounds;
      this.baseGroup = L.layerGroup().addTo(this.map);
      this.baseFrame = L.rectangle([[south, west], [north, east]], {
        renderer: this.renderers["gm-base"], pane: "gm-base", interactive: false,
        color: "#8a8577", weight: 1.5, dashArray: "6 6", fill: true, fillColor: "#f4f1e8", fillOpacity: 1,
      }).addTo(this.baseGroup);
    }

    chooseBase(name) {
      this.baseChoice = name;
      if (this.tileBase) this.map.removeLayer(this.tileBase);
      this.tileBase = null;
      if (name !== "town" && this.bases[name]) {
        this.tileBase = this.bases[name].addTo(this.map);
        this.watchTiles(this.tileBase);
      }
      const picked = this.panel && this.panel.querySelector(`input[name=gm-base][value=${this.baseChoice}]`);
      if (picked) picked.checked = true;
      this.refresh();
    }

    // One missing tile is the edge of the survey; several in a row without one that came are a lost line.
    watchTiles(tiles) {
      let lost = 0;
      tiles.off("tileload tileerror").on("tileload", () => { lost = 0; }).on("tileerror", () => {
        lost += 1;
        if (lost < TILES_LOST || this.tileBase !== tiles) return;
        this.chooseBase("town");
        this.noteBase(false);
      });
    }

    /* ---- what the viewport needs ---- */

    // Wider than the window and snapped to a grid; kept while the window stays inside, so that a small
    // move asks for nothing.
    box() {
      const zoom = Math.round(this.map.getZoom());
      const seen = this.map.getBounds();
      if (this.fetched && this.fetched.zoom === zoom && this.fetched.bounds.contains(seen)) return this.fetched.text;
      const wide = seen.pad(0.2);
      const step = 360 / 2 ** (zoom + 2);
      const snap = (value, round) => round(value / step) * step;
      const [west, south] = [snap(wide.getWest(), Math.floor), snap(wide.getSouth(), Math.floor)];
      const [east, north] = [snap(wide.getEast(), Math.ceil), snap(wide.getNorth(), Math.ceil)];
      const text = [west, south, east, north].map((side) => side.toFixed(6)).join(",");
      this.fetched = { zoom, bounds: L.latLngBounds([south, west], [north, east]), text };
      return text;
    }

    refresh() {
      this.map.fire("viewchange");
      const zoom = Math.round(this.map.getZoom());
      const where = `bbox=${this.box()}&z=${zoom}`;
      const work = [];
      for (const layer of this.config.layers) {
        const asBase = !this.tileBase && BASE_LAYERS.includes(layer.id) && (zoom >= 15 || layer.id !== "public_facility");
        const shown = !this.off.has(layer.id) && !this.elsewhere.has(layer.id);
        if (layer.ok && shown && this.tiled && this.tiled(layer)) { /* drawn from tiles, not from GeoJSON */ }
        else if (layer.ok && shown) work.push(this.load(layer.id, `/live/layers/${layer.id}.json?v=${layer.version}&${where}`, (found) => this.drawLayer(layer, found)));
        else if (layer.ok || !shown) this.clear(layer.id); // what a failed layer showed before stays, and is said to be old
        if (layer.ok && asBase && !(shown && layer.id !== "boundary")) work.push(this.load(`base ${layer.id}`, `/live/layers/${layer.id}.json?v=${layer.version}&${where}`, (found) => this.drawBase(layer, found)));
        else if (layer.ok) this.clear(`base ${layer.id}`);
      }
      if (this.options.reports && !this.off.has("reports")) {
        work.push(this.load("reports", `${this.options.reportsFrom || "/live/reports.json"}?r=${this.stamp.reports}&${where}${this.asked()}`, (found) => this.drawReports(found)));
      } else this.clear("reports");
      const box = this.map.getContainer();
      box.dataset.busy = "yes";
      return Promise.all(work).then(() => { 
        this.showStatus();
        this.thinLabels();
        if (this.pending.size) return; // a later look at the map is still under way
        box.dataset.busy = "no";
        box.dataset.ready = "yes";
      });
    }

    // Which reports are asked for, as the end of an address.
    asked() {
      const chosen = Object.entries(this.filters).filter(([, values]) => values.size);
      return chosen.map(([name, values]) => `&${name}=${[...values].map(encodeURIComponent).join(",")}`).join("");
    }

    clear(id) {
      const live = this.live.get(id);
      if (live) { live.group.remove(); this.live.delete(id); }
      if (this.pending.has(id)) { this.pending.get(id).abort(); this.pending.delete(id); }
    }

    async load(id, url, draw) {
      const before = this.live.get(id);
      if (this.pending.has(id)) this.pending.get(id).abort(); // whatever it asked for is no longer wanted
      this.pending.delete(id);
      if (before && before.url === url && !before.failed) return;
      const stop = new AbortController();
      this.pending.set(id, stop);
      try {
        const found = await fetchJson(url, stop.signal);
        const group = draw(found);
        if (before) before.group.remove();
        this.live.set(id, { url, group: group.addTo(this.map), truncated: found.truncated, count: found.features.length });
        this.fade(id);
      } catch (problem) {
        if (problem.name === "AbortError") return;
        // What was drawn stays: an old picture marked as old is worth more than an empty map.
        this.live.set(id, { url, group: before ? before.group : L.layerGroup(), failed: true });
      } finally {
        if (this.pending.get(id) === stop) this.pending.delete(id);
      }
    }

    showStatus() {
      const unreadable = this.config.layers.filter((layer) => !layer.ok).map((layer) => layer.title);
      const unanswered = [...this.live.entries()].filter(([, live]) => live.failed).map(([id]) => this.titleOf(id));
      const failed = [...new Set([...unreadable, ...unanswered])];
      const cut = [...this.live.values()].some((live) => live.truncated);
      const lines = [];
      if (failed.length) lines.push(this.say("failed", { layers: failed.join("、") }));
      if (cut) lines.push(this.say("truncated"));
      if (this.baseNote && !this.tileBase) lines.push(this.baseNote);
      if (this.options.reports) lines.push(this.say("as_of_now", { time: this.config.now }));
      this.status.replaceChildren(...lines.map((line) => element("p", {}, line)));
      this.status.classList.toggle("gm-failed", failed.length > 0);
    }

    titleOf(id) {
      const layer = this.config.layers.find((one) => one.id === id.replace("base ", ""));
      return layer ? layer.title : this.say("reports");
    }

    async checkForNews() {
      if (document.hidden) return;
      try {
        const config = await fetchJson(this.options.config);
        const news = config.stamp.reports !== this.stamp.reports || config.stamp.layers !== this.stamp.layers;
        const known = JSON.stringify(this.config.layers);
        this.config = config;
        this.stamp = config.stamp;
        if (this.list && JSON.stringify(config.layers) !== known) this.fillLayers(this.list, this.grouping);
        if (news || [...this.live.values()].some((live) => live.failed)) await this.refresh();
        if (news) this.map.fire("news");
        this.showStatus();
      } catch {
        this.status.replaceChildren(element("p", {}, this.say("stale", { time: this.config.now })));
        this.status.classList.add("gm-failed");
      }
    }

    /* ---- drawing ---- */

    styleOf(layer, feature) {
      return layer.legend.find((style) => style.key === feature.properties.style) || layer.legend[0] || {};
    }

    drawLayer(layer, found, panes = PANES) {
      const group = L.layerGroup();
      for (const feature of found.features) {
        const shape = this.shapeOf(layer, feature, panes);
        if (shape) group.addLayer(shape);
        this.addLabel(group, feature, layer, panes);
      }
      return group;
    }

    // How strongly a layer is drawn, from 1 (as it is) to nearly nothing.
    fade(id, share = this.shares.get(id) ?? 1) {
      const step = (part) => {
        if (part.setOpacity) part.setOpacity(share);
        else if (part.eachLayer) part.eachLayer(step);
        else if (part.setStyle) {
          part.full ??= { opacity: part.options.opacity, fillOpacity: part.options.fillOpacity };
          part.setStyle({ opacity: part.full.opacity * share, fillOpacity: part.full.fillOpacity * share, share });
        }
      };
      const live = this.live.get(id);
      if (live && (share !== 1 || live.faded)) { step(live.group); live.faded = true; }
    }

    shapeOf(layer, feature, panes = PANES) {
      const { geometry, properties } = feature;
      if (properties.cluster) return this.clusterOf(geometry, properties.cluster, panes.point, "gm-cluster-layer", layer.title, (layer.legend[0] || {}).letter);
      const style = this.styleOf(layer, feature);
      if (geometry.type === "Point") return this.pinOf(geometry, style, properties, layer, panes.point);
      const line = geometry.type.endsWith("LineString");
      const pane = line ? panes.line : panes.area;
      const shape = L.geoJSON(geometry, {
        pane, renderer: this.renderers[pane], interactive: !this.options.pick, bubblingMouseEvents: false,
        color: style.stroke, weight: style.weight_px, dashArray: style.dash, opacity: 0.95,
        fill: !line, fillColor: style.fill, fillOpacity: OUTLINES.includes(layer.kind) ? 0 : 0.55, pattern: style.pattern, patternColour: style.stroke,
      });
      return shape.on("click", ({ latlng }) => this.openCard(latlng, this.featurePopup(layer, style, properties)));
    }

    pinOf(geometry, style, properties, layer, pane) {
      const [lon, lat] = geometry.coordinates;
      const face = element("span", { class: "gm-pin" }, style.letter || "");
      face.style.background = style.fill;
      face.style.borderColor = style.stroke;
      face.style.color = readableOn(style.fill);
      const pin = marker([lat, lon], {
        pane, icon: L.divIcon({ className: "gm-target", html: face, iconSize: [44, 44] }),
        alt: `${layer.title} ${properties.title || ""}`, keyboard: !this.options.pick, interactive: !this.options.pick,
      });
      return this.opening(pin, () => this.featurePopup(layer, style, properties));
    }

    clusterOf(geometry, n, pane, look, title, letter) {
      const [lon, lat] = geometry.coordinates;
      const count = n.toLocaleString("ja");
      const face = element("span", { class: `gm-cluster ${look}` }, letter ? `${letter} ${count}` : count);
      const size = letter ? 44 : n < 10 ? 36 : n < 100 ? 44 : n < 1000 ? 52 : 62;
      if (!letter) face.style.width = face.style.height = `${size}px`;
      const pin = marker([lat, lon], {
        pane, icon: L.divIcon({ className: "gm-target", html: face, iconSize: [Math.max(size, 44), Math.max(size, 44)] }),
        alt: this.say("cluster_alt", { title, n }), interactive: !this.options.pick,
      });
      return this.pressed(pin, () => this.tool || this.map.setView([lat, lon], Math.min(this.map.getZoom() + 2, 20)));
    }

    addLabel(group, feature, layer, panes) {
      if (!feature.properties.label || feature.geometry.type === "Point" || this.map.getZoom() < 14) return;
      const middle = this.labelPlace(feature.geometry, feature.properties.label.length * LETTER_PX);
      if (middle) group.addLayer(this.textAt(middle, feature.properties.label, "gm-label", panes.label));
    }

    // Of labels that would cover one another the first is shown; the others appear when there is room.
    thinLabels() {
      const taken = [];
      for (const label of this.map.getPane("gm-label").children) {
        const at = L.DomUtil.getPosition(label);
        const half = [(label.textContent.length * LETTER_PX) / 2, 9];
        const box = L.bounds(at.subtract(half), at.add(half));
        const free = !taken.some((other) => other.overlaps(box));
        label.style.visibility = free ? "" : "hidden";
        if (free) taken.push(box);
      }
    }

    textAt(latlng, text, look, pane = PANES.label) {
      const icon = L.divIcon({ className: look, html: element("span", {}, text), iconSize: null });
      return marker(latlng, { pane, icon, interactive: false, keyboard: false });
    }

    labelPlace(geometry, wide) {
      const bounds = this.map.getBounds();
      let best = null;
      const look = (ring) => {
        const size = L.bounds(ring.map(([lon, lat]) => this.map.latLngToLayerPoint([lat, lon]))).getSize();
        if (size.x < wide * 0.6 || size.y < 14) return; // a label larger than its area would name the neighbours
        const seen = ring.filter(([lon, lat]) => bounds.contains([lat, lon]));
        if (seen.length > 2 && (!best || seen.length > best.length)) best = seen;
      };
      if (geometry.type === "Polygon") look(geometry.coordinates[0]);
      else if (geometry.type === "MultiPolygon") geometry.coordinates.forEach((part) => look(part[0]));
      if (!best) return null;
      const mean = (i) => best.reduce((sum, place) => sum + place[i], 0) / best.length;
      return [mean(1), mean(0)];
    }

    drawBase(layer, found) {
      const group = L.layerGroup();
      const drawn = { pane: "gm-base", renderer: this.renderers["gm-base"], interactive: false };
      for (const { geometry, properties } of found.features) {
        if (properties.cluster) continue;
        if (layer.id === "road_section") {
          const wide = Math.max(1, (ROAD_WIDTHS[properties.style] || 2) * 2 ** ((this.map.getZoom() - 15) * 0.55));
          group.addLayer(L.geoJSON(geometry, { ...drawn, color: "#b9b09c", weight: wide + 1.6, fill: false }));
          group.addLayer(L.geoJSON(geometry, { ...drawn, color: ROAD_COLOURS[properties.style] || "#ffffff", weight: wide, fill: false }));
        } else if (layer.id === "river") {
          const line = geometry.type.endsWith("LineString");
          group.addLayer(L.geoJSON(geometry, { ...drawn, color: "#8fb9dd", weight: line ? 3 : 1, fill: !line, fillColor: "#bcd9f0", fillOpacity: 1 }));
        } else if (layer.id === "boundary") {
          this.baseFrame.remove();
          group.addLayer(L.geoJSON(geometry, { ...drawn, color: "#8a8577", weight: 2, dashArray: "8 5", fill: true, fillColor: "#eef0e2", fillOpacity: 1 }));
        } else if (layer.id === "zoning") {
          group.addLayer(L.geoJSON(geometry, { ...drawn, stroke: false, fill: true, fillColor: "#e6e1d4", fillOpacity: 0.7 }));
        } else if (properties.title) {
          const [lon, lat] = geometry.coordinates;
          group.addLayer(this.textAt([lat, lon], properties.title, "gm-label gm-place"));
        }
      }
      // boundary and zoning lie below rivers and roads whichever answer came first
      setTimeout(() => this.sortBase(), 0);
      return group;
    }

    sortBase() {
      for (const id of BASE_LAYERS) {
        const live = this.live.get(`base ${id}`);
        if (live) live.group.eachLayer((part) => part.bringToFront && part.bringToFront());
      }
    }

    drawReports(found) {
      const group = L.layerGroup();
      const title = this.say("reports");
      const placed = found.features.map(({ geometry, properties }) => ({ at: this.map.latLngToLayerPoint([geometry.coordinates[1], geometry.coordinates[0]]), n: properties.cluster || 1, properties }));
      const pins = [];
      for (const one of this.options.roomy ? this.gathered(placed) : placed) {
        if (!one.properties.cluster) { pins.push(one); continue; }
        const { lng, lat } = this.map.layerPointToLatLng(one.at);
        group.addLayer(this.clusterOf({ coordinates: [lng, lat] }, one.n, "gm-report", "gm-cluster-report", title));
      }
      for (const crowd of this.crowds(pins)) this.drawCrowd(group, crowd);
      return group;
    }

    // Circles and pins that a circle would cover become one circle: each leaves room for a finger.
    gathered(placed) {
      const found = [];
      for (let one of placed) {
        const covers = (other) => (one.properties.cluster || other.properties.cluster) && one.at.distanceTo(other.at) < ROOM_PX;
        for (let i = found.findIndex(covers); i >= 0; i = found.findIndex(covers)) {
          const [other] = found.splice(i, 1);
          const n = one.n + other.n;
          one = { at: one.at.multiplyBy(one.n).add(other.at.multiplyBy(other.n)).divideBy(n), n, properties: { cluster: n } };
        }
        found.push(one);
      }
      return found;
    }

    // Pins that would cover one another are gathered, so that each can be given room of its own.
    crowds(pins) {
      const crowds = [];
      for (const pin of pins) {
        const near = crowds.find((crowd) => crowd.middle.distanceTo(pin.at) < ROOM_PX);
        if (near) {
          near.pins.push(pin);
          near.middle = near.pins.reduce((sum, one) => sum.add(one.at), L.point(0, 0)).divideBy(near.pins.length);
        } else crowds.push({ middle: pin.at, pins: [pin] });
      }
      return crowds;
    }

    drawCrowd(group, { middle, pins }) {
      const radius = pins.length === 1 ? 0 : Math.max(26, (pins.length * ROOM_PX) / (2 * Math.PI));
      pins.forEach(({ at, properties }, i) => {
        const angle = (2 * Math.PI * i) / pins.length;
        const shown = radius ? middle.add([Math.cos(angle) * radius, Math.sin(angle) * radius]) : at;
        const place = this.map.layerPointToLatLng(shown);
        if (radius) group.addLayer(L.polyline([this.map.layerPointToLatLng(at), place], { pane: "gm-line", renderer: this.renderers["gm-line"], color: "#1a1a1c", weight: 1.5, interactive: false }));
        group.addLayer(this.reportPin(place, properties));
      });
    }

    reportPin(place, properties) {
      const category = this.config.categories.find((one) => one.code === properties.category) || { name: "", letter: "?" };
      const state = this.config.states.find((one) => one.code === properties.state) || {};
      const face = element("span", { class: `gm-report gm-state-${properties.state}` },
        element("b", {}, category.letter), element("i", { "aria-hidden": "true" }, STATE_SHAPES[properties.state] || ""));
      const pin = marker(place, {
        pane: "gm-report", icon: L.divIcon({ className: "gm-target", html: face, iconSize: [44, 44] }),
        alt: this.say("report_alt", { category: category.name, state: state.name, id: properties.id }),
        interactive: !this.options.pick, keyboard: !this.options.pick,
      });
      return this.opening(pin, () => this.reportPopup(properties.id));
    }

    /* ---- popups: text nodes only ---- */

    // A card stands on the map, not on its pin: pins are drawn anew whenever the map has moved.
    openCard(latlng, content) {
      if (this.tool) return; // the tap was meant for the tool
      this.card = L.popup({ maxWidth: 320, minWidth: 240, autoPanPaddingTopLeft: this.cardRoom() }).setLatLng(latlng).setContent(content).openOn(this.map);
      const close = this.card.getElement().querySelector(".leaflet-popup-close-button");
      close.setAttribute("aria-label", this.say("close"));
      content.tabIndex = -1;
      content.focus({ preventScroll: true });
    }

    opening(pin, content) {
      return this.pressed(pin, () => this.openCard(pin.getLatLng(), content()));
    }

    // By finger, mouse or keyboard alike: Enter and the space bar press what looks like a button.
    pressed(pin, act) {
      return pin.on("click", act).on("keydown", ({ originalEvent }) => {
        if (originalEvent.key !== "Enter" && originalEvent.key !== " ") return;
        L.DomEvent.stop(originalEvent);
        act();
      });
    }

    featurePopup(layer, style, properties) {
      const rows = properties.rows || [];
      const card = element("article", { class: "gm-popup" },
        element("p", { class: "gm-kind" }, swatch(style), `${layer.title}${style.text ? `：${style.text}` : ""}`),
        element("h3", {}, properties.title || layer.title),
        element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
        this.sourceLine(layer));
      if (layer.equipment && properties.id && !this.options.pick) card.append(this.reportsOf(layer, properties.id));
      return card;
    }

    // What was reported about one street light, mirror or station, and the way to report it.
    reportsOf(layer, id) {
      const box = element("section", { class: "gm-equipment", "aria-busy": "true" }, element("h4", {}, this.say("equipment_title")));
      const elsewhere = window.frameElement ? "_blank" : null;
      fetchJson(`/live/assets/${encodeURIComponent(layer.id)}/${encodeURIComponent(id)}.json`)
        .then((found) => {
          const lines = found.reports.map((one) => element("li", {}, element("a", { href: one.link, target: elsewhere }, one.number), `　${one.date}　${one.category}　${one.state_name}`));
          box.append(lines.length ? element("ul", {}, ...lines) : element("p", {}, this.say("equipment_none")));
          if (found.report) box.append(element("a", { class: "gm-also", href: found.report, target: elsewhere }, this.say("equipment_report")));
        })
        .catch(() => box.append(element("p", { class: "gm-bad" }, this.say("equipment_failed"))))
        .finally(() => {
          box.removeAttribute("aria-busy");
          if (this.card && this.card.getContent().contains(box)) this.card.update();
        });
      return box;
    }

    sourceLine(layer) {
      const parts = [layer.attribution ? this.say("source", { name: layer.attribution }) : this.say("source_unknown"), this.asOf(layer), layer.licence];
      return element("p", { class: "gm-source" }, parts.filter(Boolean).join("　"));
    }

    asOf(layer) {
      return layer.as_of ? this.say("as_of", { date: layer.as_of }) : this.say("as_of_unknown");
    }

    reportPopup(id) {
      const box = element("article", { class: "gm-popup", "aria-busy": "true" }, element("p", {}, this.say("loading")));
      fetchJson(`/live/reports/${encodeURIComponent(id)}.json`)
        .then((report) => this.fillReport(box, report))
        .catch(() => box.replaceChildren(element("p", {}, this.say("report_failed"))))
        .finally(() => {
          box.removeAttribute("aria-busy");
          const held = box.contains(document.activeElement); // Leaflet takes the content out to measure it anew
          if (this.card) this.card.update();
          if (held) box.focus({ preventScroll: true });
        });
      return box;
    }

    fillReport(box, report) {
      const photos = report.photos.map((photo) => element("img", { src: photo.small, alt: this.say("photo_alt"), width: 240, loading: "lazy" }));
      const rows = report.rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]);
      const parts = [
        element("p", { class: "gm-kind" }, element("span", { class: `gm-chip gm-state-${report.state}` }, `${STATE_SHAPES[report.state]} ${report.state_name}`), report.status_name),
        element("h3", {}, `${report.category_name}　${report.id}`),
        ...photos,
        report.body ? element("p", { class: "gm-body" }, report.body) : null,
        element("dl", {}, ...rows),
        ...report.history.map((step) => element("p", { class: "gm-history" }, `${step.date}　${step.text}`)),
        element("a", { class: "gm-also", href: `/map/r/${encodeURIComponent(report.id)}`, target: window.frameElement ? "_blank" : null }, this.say("report_page")),
      ];
      box.replaceChildren(...parts.filter(Boolean));
    }

    /* ---- controls ---- */

    addControls() {
      const corner = this.map.getContainer();
      if (this.options.panel) {
        this.panel = this.makePanel();
        this.opener = element("button", { class: "gm-button gm-open", type: "button", "aria-expanded": "false", onclick: () => this.togglePanel() }, `☰ ${this.say("panel")}`);
        corner.append(this.opener, this.panel);
        if (corner.clientWidth > 900 && !this.options.filtersOutside) this.togglePanel();
      }
      corner.append(this.makeSearch(), this.makeLocate());
      for (const box of corner.querySelectorAll(".gm-panel,.gm-search,.gm-button")) {
        L.DomEvent.disableClickPropagation(box);
        L.DomEvent.disableScrollPropagation(box);
      }
    }

    togglePanel() {
      const open = this.panel.toggleAttribute("data-open");
      this.opener.setAttribute("aria-expanded", String(open));
      this.map.getContainer().classList.toggle("gm-with-panel", open);
    }

    makePanel() {
      const panel = element("section", { class: "gm-panel", "aria-label": this.say("panel") },
        element("button", { class: "gm-close", type: "button", onclick: () => this.togglePanel() }, `✕ ${this.say("close")}`));
      if (this.options.reports && !this.options.filtersOutside) panel.append(this.reportsSection());
      const list = (this.list = element("div", {}));
      const by = element("div", { class: "gm-by", role: "group", "aria-label": this.say("group_by") });
      for (const name of ["theme", "department"]) {
        by.append(element("button", { type: "button", "aria-pressed": String(name === "theme"), onclick: (event) => {
          for (const other of by.children) other.setAttribute("aria-pressed", String(other === event.currentTarget));
          this.fillLayers(list, name);
        } }, this.say(`by_${name}`)));
      }
      panel.append(element("h2", {}, this.say("layers")), by, list, this.basesSection());
      this.fillLayers(list, "theme");
      return panel;
    }

    check(label, on, change, ...extra) {
      const box = element("input", { type: "checkbox", checked: on, onchange: (event) => change(event.target.checked) });
      return element("label", { class: "gm-check" }, box, ...extra, element("span", {}, label));
    }

    reportsSection() {
      const section = element("div", {}, element("h2", {}, this.say("reports")),
        this.check(this.say("show_reports"), true, (on) => this.switchLayer("reports", on)));
      const group = (name, items, mark) => element("fieldset", {}, element("legend", {}, this.say(`filter_${name}`)),
        ...items.map((item) => this.check(item.name, true, () => this.filter(name, items, section), mark(item))));
      section.append(
        group("state", this.config.states, (state) => element("span", { class: `gm-chip gm-state-${state.code}`, "aria-hidden": "true" }, STATE_SHAPES[state.code])),
        group("category", this.config.categories, (category) => element("span", { class: "gm-letter", "aria-hidden": "true" }, category.letter)));
      section.querySelectorAll("fieldset").forEach((set, i) => (set.dataset.filter = ["state", "category"][i]));
      return section;
    }

    filter(name, items, section) {
      const boxes = [...section.querySelectorAll(`fieldset[data-filter=${name}] input`)];
      const chosen = items.filter((_, i) => boxes[i].checked).map((item) => item.code);
      this.filters[name] = new Set(chosen.length === items.length ? [] : chosen.length ? chosen : ["none"]);
      this.refresh();
    }

    switchLayer(id, on) {
      if (on) this.off.delete(id); else this.off.add(id);
      this.refresh();
    }

    fillLayers(list, by) {
      this.grouping = by;
      const groups = new Map();
      for (const layer of this.config.layers) {
        const name = layer[by] || this.say("other");
        groups.set(name, [...(groups.get(name) || []), layer]);
      }
      list.replaceChildren(...[...groups].map(([name, layers]) => element("details", { open: true }, element("summary", {}, name), ...layers.map((layer) => this.layerRow(layer)))));
      if (!this.config.layers.length) list.append(element("p", {}, this.say("no_layers")));
    }

    layerRow(layer) {
      const row = element("div", { class: "gm-layer" });
      if (!layer.ok) {
        row.append(element("p", { class: "gm-bad" }, this.say("layer_failed", { title: layer.title, date: layer.last_good || this.say("never") })));
        return row;
      }
      const legend = element("ul", { class: "gm-legend" }, ...layer.legend.filter((style) => style.used).map((style) => element("li", {}, swatch(style), style.text)));
      row.append(
        element("div", { class: "gm-head" },
          this.check(layer.title, !this.off.has(layer.id), (on) => this.switchLayer(layer.id, on)),
          layer.visibility === "public" ? null : element("span", { class: "gm-inside" }, this.say("inside")),
          layer.editable ? element("a", { class: "gm-edit", href: `/edit?layer=${encodeURIComponent(layer.id)}`, target: "_blank", "aria-label": this.say("edit_layer", { title: layer.title }) }, this.say("edit")) : null),
        legend,
        this.sourceLine(layer),
        ...this.rowParts.map((part) => part(layer)));
      return row;
    }

    basesSection() {
      const names = ["town", ...Object.keys(this.bases).filter((name) => this.config.tiles || name === "municipal")];
      return element("fieldset", {}, element("legend", {}, this.say("base")), ...names.map((name) =>
        element("label", { class: "gm-check" },
          element("input", { type: "radio", name: "gm-base", value: name, checked: name === this.baseChoice, onchange: () => this.chooseBase(name) }),
          element("span", {}, this.say(`base_${name}`)))));
    }

    makeLocate() {
      return element("button", { class: "gm-button gm-locate", type: "button", onclick: () => this.locate() }, `◎ ${this.say("locate")}`);
    }

    locate() {
      const fail = () => { this.baseNote = this.say("locate_failed"); this.showStatus(); };
      if (!navigator.geolocation) return fail();
      navigator.geolocation.getCurrentPosition(({ coords }) => {
        const here = [coords.latitude, coords.longitude];
        const [west, south, east, north] = this.config.town.bounds;
        if (!L.latLngBounds([south - 0.3, west - 0.3], [north + 0.3, east + 0.3]).contains(here)) {
          this.baseNote = this.say("locate_outside");
          this.showStatus();
          return;
        }
        if (this.here) this.here.remove();
        this.here = L.layerGroup([
          L.circle(here, { radius: coords.accuracy, color: "#0017c1", weight: 1, fillOpacity: 0.12, interactive: false }),
          L.circleMarker(here, { radius: 8, color: "#ffffff", weight: 3, fillColor: "#0017c1", fillOpacity: 1, interactive: false }),
        ]).addTo(this.map);
        this.map.setView(here, 17);
        if (this.options.pick) this.pick(here[1], here[0], "gps", coords.accuracy);
      }, fail, { enableHighAccuracy: true, timeout: 15000 });
    }

    makeSearch() {
      const results = element("ul", { class: "gm-results", id: "gm-results", hidden: true });
      const field = element("input", { type: "search", placeholder: this.say("search_hint"), "aria-label": this.say("search"), "aria-controls": "gm-results", autocomplete: "off", enterkeyhint: "search" });
      let timer;
      let asked = 0;
      const look = async () => {
        const text = field.value.trim();
        if (!text) { results.hidden = true; return; }
        const mine = ++asked;
        let found;
        let failed = [];
        try {
          ({ found, failed } = await fetchJson(`/live/search.json?q=${encodeURIComponent(text)}`));
        } catch {
          found = null;
        }
        if (mine !== asked) return;
        results.hidden = false;
        if (!found) results.replaceChildren(element("li", {}, this.say("search_failed")));
        else if (!found.length) results.replaceChildren(element("li", {}, this.say("search_none", { text })));
        else results.replaceChildren(...found.map((one) => element("li", {}, element("button", { type: "button", onclick: () => { results.hidden = true; this.goTo(one); } },
          element("b", {}, one.title), element("small", {}, one.layer)))));
        if (failed.length) results.append(element("li", {}, this.say("search_partly", { layers: failed.join("、") })));
      };
      field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, 180); });
      field.addEventListener("search", look);
      const form = element("form", { class: "gm-search", role: "search", onsubmit: (event) => { event.preventDefault(); look(); } }, field, results);
      form.addEventListener("keydown", (event) => { if (event.key === "Escape") results.hidden = true; });
      return form;
    }

    goTo(one) {
      if (this.found) this.found.remove();
      this.map.setView([one.lat, one.lon], 17);
      if (this.options.pick) { this.pick(one.lon, one.lat, "landmark", null, one.title); return; }
      this.found = marker([one.lat, one.lon], {
        pane: "gm-report", alt: one.title, zIndexOffset: 1000,
        icon: L.divIcon({ className: "gm-target", html: element("span", { class: "gm-found" }, "▼"), iconSize: [44, 44], iconAnchor: [22, 44] }),
      }).addTo(this.map);
      this.openCard([one.lat, one.lon], element("article", { class: "gm-popup" }, element("h3", {}, one.title), element("p", { class: "gm-kind" }, one.layer)));
    }

    /* ---- choosing the place of a report ---- */

    startPicking() {
      this.map.getContainer().classList.add("gm-picking");
      if (this.options.pin) this.setPin(this.options.pin[0], this.options.pin[1]);
      this.map.on("click", ({ latlng }) => this.pick(latlng.lng, latlng.lat, "map_tap", null));
    }

    setPin(lon, lat) {
      if (this.pin) { this.pin.setLatLng([lat, lon]); return; }
      const icon = L.divIcon({ className: "gm-target", html: element("span", { class: "gm-chosen" }, "▼"), iconSize: [44, 44], iconAnchor: [22, 44] });
      this.pin = marker([lat, lon], { pane: "gm-report", icon, draggable: true, alt: this.say("pin_alt") }).addTo(this.map);
      this.pin.on("dragend", () => { const { lng, lat: north } = this.pin.getLatLng(); this.pick(lng, north, "map_tap", null); });
    }

    pick(lon, lat, source, accuracy, title) {
      this.setPin(lon, lat);
      window.Streamlit.setComponentValue({ picked: { lon, lat, source, accuracy_m: accuracy, title: title || null, n: (this.picks = (this.picks || 0) + 1) } });
    }
  }

  window.gisapp = {
    parts: [], // tools that other scripts add: each is called with the live map once it knows the town
    start(map, options, bases) {
      const live = new LiveMap(map, options, bases || {});
      window.gisapp.map = live;
      live.open();
    },
  };
})();
