/* Layers that come as vector tiles or as image tiles: hazard zones and large layers, drawn on canvases as the legend
  says; what is at a tapped place is answered by the server. */
(() => {
  "use strict";

  const SIDE = 256;
  const FILL_ALPHA = 0.55; // as for the layers that come whole
  const LINE_ALPHA = 0.95;
  const PATTERN_ALPHA = 0.75;
  const PATTERN_PX = 12;
  const KEPT_TILES = 240;
  const SAME_TAP_MS = 50;
  const LINE_REACH_PX = 8;
  const LABELS_FROM_ZOOM = 14;
  const MOST_LABELS = 60;
  const PANES = { picture: ["gm-picture", 340], area: ["gm-tiles", 345], line: ["gm-tile-lines", 357] };

  /* ---- reading a vector tile (Mapbox Vector Tile 2.1) ---- */

  class Wire {
    constructor(bytes) { this.bytes = bytes; this.at = 0; }

    number() {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = this.bytes[this.at++];
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
    }

    part() {
      const length = this.number();
      this.at += length;
      return new Wire(this.bytes.subarray(this.at - length, this.at));
    }

    text() { return new TextDecoder().decode(this.part().bytes); }

    // Calls take(field) for each field it knows; all others are stepped over.
    fields(take) {
      while (this.at < this.bytes.length) {
        const tag = this.number();
        if (take[tag >> 3]) { take[tag >> 3](); continue; }
        const wire = tag & 7;
        if (wire === 0) this.number(); else if (wire === 1) this.at += 8; else if (wire === 2) this.part(); else this.at += 4;
      }
    }
  }

  function readTile(bytes) {
    const features = [];
    const wire = new Wire(bytes);
    wire.fields({ 3: () => readLayer(wire.part(), features) });
    return features;
  }

  function readLayer(wire, features) {
    const [parts, keys, values] = [[], [], []];
    let extent = 4096;
    wire.fields({
      2: () => parts.push(wire.part()),
      3: () => keys.push(wire.text()),
      4: () => { const value = wire.part(); value.fields({ 1: () => values.push(value.text()) }); },
      5: () => { extent = wire.number(); },
    });
    for (const part of parts) features.push(readFeature(part, keys, values, extent));
  }

  function readFeature(wire, keys, values, extent) {
    const feature = { area: false, paths: [] };
    wire.fields({
      2: () => { const tags = wire.part(); while (tags.at < tags.bytes.length) feature[keys[tags.number()]] = values[tags.number()]; },
      3: () => { feature.area = wire.number() === 3; },
      4: () => { feature.paths = readPaths(wire.part(), extent); },
    });
    return feature;
  }

  // Rings and lines as flat lists of x, y in pixels of a tile that is 256 px wide.
  function readPaths(wire, extent) {
    const paths = [];
    let [x, y] = [0, 0];
    const step = () => { const number = wire.number(); return number % 2 ? -(number + 1) / 2 : number / 2; };
    while (wire.at < wire.bytes.length) {
      const command = wire.number();
      for (let left = command >> 3; left > 0; left--) {
        if ((command & 7) === 7) continue;
        if ((command & 7) === 1) paths.push([]);
        x += step(); y += step();
        paths[paths.length - 1].push((x * SIDE) / extent, (y * SIDE) / extent);
      }
    }
    return paths;
  }

  function outline(feature) {
    if (feature.outline) return feature.outline;
    const path = new Path2D();
    for (const points of feature.paths) {
      path.moveTo(points[0], points[1]);
      for (let at = 2; at < points.length; at += 2) path.lineTo(points[at], points[at + 1]);
      if (feature.area) path.closePath();
    }
    return (feature.outline = path);
  }

  /* ---- drawing ---- */

  window.gisapp.parts.push((live, { element, fetchJson, patternTile, outlines }) => {
    const { map } = live;
    for (const [name, height] of Object.values(PANES)) {
      const pane = map.getPane(name) || map.createPane(name);
      pane.style.zIndex = height;
      pane.style.pointerEvents = "none";
    }
    let carded = -Infinity;
    const labels = L.layerGroup().addTo(map);
    map.on("popupopen", () => { carded = performance.now(); });
    map.on("click", ({ latlng }) => tapped(latlng));
    map.on("moveend", () => label());

    const ZoneTiles = L.GridLayer.extend({
      initialize(layer, options) {
        L.GridLayer.prototype.initialize.call(this, options);
        this.layer = layer;
        this.order = new Map(layer.legend.map((style, at) => [style.key, at]));
        this.kept = new Map(); // address of a tile -> promise of its features, the latest asked for last
        this.shown = new Map(); // canvas -> what is drawn on it, for taps and labels
        this.on("tileunload", ({ tile }) => this.shown.delete(tile));
        this.on("load", () => label());
      },

      createTile({ x, y, z }, done) {
        const tile = document.createElement("canvas");
        const sharp = window.devicePixelRatio || 1;
        tile.width = tile.height = SIDE * sharp;
        // beyond the finest tiles a part of one is drawn larger
        const deeper = Math.max(z - this.layer.finest, 0);
        const scale = 2 ** deeper;
        const from = { x: Math.floor(x / scale), y: Math.floor(y / scale), z: z - deeper };
        const shift = { x: (x - from.x * scale) * SIDE, y: (y - from.y * scale) * SIDE };
        this.features(from).then((features) => {
          this.draw(tile.getContext("2d"), features, { scale, shift, sharp, corner: { x: x * SIDE, y: y * SIDE } });
          this.shown.set(tile, { features, scale, shift, x, y, z });
          done(null, tile);
        }, (problem) => done(problem, tile));
        return tile;
      },

      features(at) {
        const url = L.Util.template(this.layer.tiles, at);
        const found = this.kept.get(url) || fetch(url).then(async (answer) => {
          if (!answer.ok) throw new Error(`${answer.status}`);
          const features = answer.status === 204 ? [] : readTile(new Uint8Array(await answer.arrayBuffer()));
          return features.sort((one, other) => this.rank(one) - this.rank(other)); // the legend's last lies on top
        });
        this.kept.delete(url);
        this.kept.set(url, found);
        found.catch(() => this.kept.delete(url));
        if (this.kept.size > KEPT_TILES) this.kept.delete(this.kept.keys().next().value);
        return found;
      },

      rank(feature) { return this.order.get(feature.style) ?? -1; },

      draw(pen, features, { scale, shift, sharp, corner }) {
        for (const feature of features) {
          const style = live.styleOf(this.layer, { properties: feature });
          const path = new Path2D();
          path.addPath(outline(feature), new DOMMatrix([scale, 0, 0, scale, -shift.x, -shift.y]));
          pen.setTransform(sharp, 0, 0, sharp, 0, 0);
          if (feature.area && !this.options.outlines) this.fill(pen, path, style, corner);
          pen.globalAlpha = LINE_ALPHA;
          pen.strokeStyle = style.stroke;
          pen.lineWidth = style.weight_px;
          pen.lineJoin = pen.lineCap = "round";
          pen.setLineDash(style.dash ? style.dash.split(/[ ,]+/).map(Number) : []);
          pen.stroke(path);
        }
      },

      fill(pen, path, style, corner) {
        pen.globalAlpha = FILL_ALPHA;
        pen.fillStyle = style.fill;
        pen.fill(path, "evenodd");
        if (!style.pattern || style.pattern === "none") return;
        // the pattern goes on from tile to tile as if the map were one sheet
        const pattern = pen.createPattern(patternTile(style.pattern, style.stroke), "repeat");
        pattern.setTransform(new DOMMatrix([1, 0, 0, 1, -(corner.x % PATTERN_PX), -(corner.y % PATTERN_PX)]));
        pen.globalAlpha = PATTERN_ALPHA;
        pen.fillStyle = pattern;
        pen.fill(path, "evenodd");
      },

      // Whether anything is drawn at a place: decides if the server is asked.
      drawnAt(latlng) {
        for (const [tile, { features, scale, shift, x, y, z }] of this.shown) {
          const at = map.project(latlng, z).subtract([x * SIDE, y * SIDE]);
          if (z !== this._tileZoom || at.x < 0 || at.y < 0 || at.x >= SIDE || at.y >= SIDE) continue;
          const pen = tile.getContext("2d");
          pen.setTransform(1, 0, 0, 1, 0, 0);
          pen.lineWidth = (LINE_REACH_PX * 2) / scale;
          const [px, py] = [(at.x + shift.x) / scale, (at.y + shift.y) / scale];
          return features.some((feature) => feature.area ? pen.isPointInPath(outline(feature), px, py, "evenodd") : pen.isPointInStroke(outline(feature), px, py));
        }
        return false;
      },

      // Of each feature the largest piece on screen, for its label: {text, latlng, width_px}.
      pieces() {
        const found = new Map();
        for (const [tile, { features, scale, shift, x, y, z }] of this.shown) {
          if (z !== this._tileZoom) continue;
          for (const feature of features) {
            if (!feature.label || !feature.area) continue;
            const points = feature.paths[0];
            const [xs, ys] = [0, 1].map((odd) => points.filter((_, at) => at % 2 === odd));
            const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)].map((side) => Math.min(Math.max(side, 0), SIDE));
            const wide = Math.min(east - west, south - north) * scale;
            if (wide < (found.get(feature.id)?.wide ?? 14)) continue;
            const middle = [(west + east) / 2, (north + south) / 2];
            if (!tile.getContext("2d").isPointInPath(outline(feature), ...middle, "evenodd")) continue;
            const at = L.point(middle).multiplyBy(scale).subtract([shift.x, shift.y]).add([x * SIDE, y * SIDE]);
            found.set(feature.id, { text: feature.label, wide, across: (east - west) * scale, latlng: map.unproject(at, z) });
          }
        }
        return [...found.values()];
      },
    });

    const drawn = () => [...live.live.values()].map((one) => one.group).filter((group) => group instanceof ZoneTiles);

    function label() {
      labels.clearLayers();
      if (map.getZoom() < LABELS_FROM_ZOOM) return;
      const seen = map.getBounds();
      const pieces = drawn().flatMap((tiles) => tiles.pieces()).filter((piece) => seen.contains(piece.latlng) && piece.across > piece.text.length * 8);
      pieces.sort((one, other) => other.wide - one.wide);
      for (const piece of pieces.slice(0, MOST_LABELS)) labels.addLayer(live.textAt(piece.latlng, piece.text, "gm-label"));
      live.thinLabels();
    }

    /* ---- what the live map asks of this part ---- */

    // Draws a layer that comes as tiles; false for one that comes whole. Called whenever the map has moved.
    live.tiled = (layer) => {
      const url = layer.tiles || layer.picture;
      if (!url) return false;
      const before = live.live.get(layer.id);
      if (before && before.url === url && !before.failed) return true;
      const group = layer.tiles ? zones(layer) : picture(layer);
      const state = { url, group, count: layer.rows };
      group.on("tileerror", () => { state.failed = true; live.showStatus(); });
      group.on("loading", () => { map.getContainer().dataset.tiles = "busy"; });
      group.on("load", () => { map.getContainer().dataset.tiles = "ready"; });
      if (before) before.group.remove();
      live.live.set(layer.id, state);
      group.addTo(map);
      live.fade(layer.id);
      return true;
    };

    function zones(layer) {
      const line = layer.legend.every((style) => style.shape === "line");
      return new ZoneTiles(layer, { pane: (line ? PANES.line : PANES.area)[0], outlines: outlines.includes(layer.kind), maxZoom: 22, updateWhenZooming: false, attribution: "" })
        .on("remove", () => label());
    }

    function picture(layer) {
      return L.tileLayer(layer.picture, { pane: PANES.picture[0], maxNativeZoom: layer.finest, maxZoom: 22, updateWhenZooming: false });
    }

    /* ---- what is here? ---- */

    function tapped(latlng) {
      if (live.options.pick || live.tool || performance.now() - carded < SAME_TAP_MS) return;
      const hit = drawn().filter((tiles) => tiles.drawnAt(latlng)).map((tiles) => tiles.layer);
      if (!hit.length) return;
      const card = element("article", { class: "gm-popup", "aria-busy": "true" }, element("p", {}, live.say("loading")));
      live.openCard(latlng, card);
      const reach = LINE_REACH_PX * metresPerPixel(latlng);
      const where = `lon=${latlng.lng.toFixed(6)}&lat=${latlng.lat.toFixed(6)}&within_m=${reach.toFixed(1)}`;
      Promise.all(hit.map((layer) => fetchJson(`/live/layers/${layer.id}/at.json?v=${layer.version}&${where}`).then((found) => articles(layer, found))))
        .then((found) => fill(card, found.flat()), () => card.replaceChildren(element("p", {}, live.say("tiles_failed"))))
        .finally(() => {
          card.removeAttribute("aria-busy");
          if (live.card && live.card.isOpen()) live.card.update();
        });
    }

    function metresPerPixel(latlng) {
      return (156543.034 * Math.cos((latlng.lat * Math.PI) / 180)) / 2 ** map.getZoom();
    }

    function articles(layer, found) {
      return found.features.map((properties) => live.featurePopup(layer, live.styleOf(layer, { properties }), properties));
    }

    // At a coarse zoom the picture may reach a little beyond the zone: then the exact answer is that nothing is here.
    function fill(card, found) {
      const karte = card.querySelector(".gm-karte"); // the link that 地点カルテ adds to every card stays last
      card.replaceChildren(...(found.length ? found : [element("p", {}, live.say("tiles_nothing"))]), ...(karte ? [karte] : []));
    }
  });
})();
