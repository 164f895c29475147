/* The tools over the map: one bar that folds away on a phone, one box for the tool in use. Also the link that reopens
   the same view, and what each layer's row in the panel offers. */
(() => {
  "use strict";

  const WIDE_PX = 900;
  const LINK_WAIT_MS = 500;
  const LISTED = 100;
  const LIST_ZOOM = 16; // from here on no two points are drawn as one
  const SHARE_STEP = 10;
  const ORDER = ["distance", "area", "coordinates", "print", "compare", "link", "full"];

  window.gisapp.parts.push((live, kit) => {
    if (live.options.pick || !live.options.panel) return;
    live.plane = window.gisapp.plane(live.config.town.origin);
    live.tools = makeTools(live, kit);
    live.tools.add("coordinates", coordinates(live, kit));
    live.tools.add("print", printing(live, kit));
    live.tools.act("link", () => shareLink(live, kit));
    fullScreen(live);
    live.rowParts.push((layer) => rowPart(live, kit, layer));
    keepLink(live);
    live.fillLayers(live.list, live.grouping);
  });

  /* ---- the bar and the box ---- */

  function makeTools(live, { element }) {
    const corner = live.map.getContainer();
    const list = element("div", { class: "gt-list", id: "gt-list" });
    const fold = element("button", { type: "button", class: "gm-button gt-fold", "aria-controls": "gt-list", onclick: () => setFolded(!list.hidden) }, live.say("tools"));
    const bar = element("div", { class: "gt-bar", role: "group", "aria-label": live.say("tools_all") }, fold, list);
    const box = element("section", { class: "gt-box", hidden: true });
    const cross = element("div", { class: "gt-cross", hidden: true, "aria-hidden": "true" });
    let active = null;

    function setFolded(folded) {
      list.hidden = folded;
      fold.setAttribute("aria-expanded", String(!folded));
    }

    function use(key, tool, button) {
      const again = active && active.key === key;
      stop();
      if (again) return;
      active = { key, tool, button };
      button.setAttribute("aria-pressed", "true");
      const title = live.say(`tool_${key}`);
      box.setAttribute("aria-label", title);
      box.replaceChildren(element("div", { class: "gt-head" }, element("h2", { tabindex: "-1" }, title),
        element("button", { type: "button", class: "gm-button", "aria-label": live.say("tool_close", { title }), onclick: stop }, `✕ ${live.say("close")}`)));
      box.hidden = false;
      cross.hidden = !tool.cross;
      if (tool.taps) {
        live.tool = key;
        corner.classList.add("gt-tapping");
      }
      live.map.closePopup();
      tool.open(box);
      putCross();
      box.querySelector("h2").focus({ preventScroll: true });
    }

    // The part of the map that neither the box nor the panel covers, in pixels of the window.
    function room() {
      const [wide, high] = [corner.clientWidth, corner.clientHeight];
      const sheet = wide <= WIDE_PX; // the box lies at the foot of the window, not at its side
      const left = sheet ? 0 : box.offsetLeft + box.offsetWidth;
      const right = !sheet && live.panel.hasAttribute("data-open") ? wide - live.panel.offsetWidth : wide;
      return { left, right, top: 0, bottom: sheet ? high - box.offsetHeight : high };
    }

    function middle() {
      const { left, right, top, bottom } = room();
      return live.map.containerPointToLatLng([(left + right) / 2, (top + bottom) / 2]);
    }

    function putCross() {
      const { left, right, top, bottom } = room();
      cross.style.left = `${(left + right) / 2}px`;
      cross.style.top = `${(top + bottom) / 2}px`;
    }

    function stop() {
      if (!active) return;
      const { tool, button } = active;
      active = null;
      live.tool = "";
      corner.classList.remove("gt-tapping");
      tool.close();
      box.hidden = true;
      cross.hidden = true;
      button.setAttribute("aria-pressed", "false");
      if (!list.hidden) button.focus({ preventScroll: true }); else fold.focus({ preventScroll: true });
    }

    function act(key, press) {
      const button = element("button", { type: "button", class: "gm-button", "data-tool": key, onclick: () => {
        press(button);
        if (corner.clientWidth <= WIDE_PX) setFolded(true);
      } }, live.say(`tool_${key}`));
      list.append(button);
      const place = (one) => ORDER.indexOf(one.dataset.tool);
      list.append(...[...list.children].sort((one, other) => place(one) - place(other)));
      return button;
    }

    function add(key, tool) {
      const button = act(key, () => use(key, tool, button));
      button.setAttribute("aria-pressed", "false");
    }

    box.addEventListener("keydown", (event) => { if (event.key === "Escape") stop(); });
    corner.append(bar, box, cross);
    for (const part of [bar, box]) {
      L.DomEvent.disableClickPropagation(part);
      L.DomEvent.disableScrollPropagation(part);
    }
    setFolded(corner.clientWidth <= WIDE_PX);
    live.cardRoom = () => (list.hidden ? [10, bar.offsetTop + bar.offsetHeight + 8] : [bar.offsetLeft + bar.offsetWidth + 8, 70]);
    new ResizeObserver(putCross).observe(box);
    // Something short to say, such as "copied", in the same box.
    function tell(key, ...nodes) {
      stop();
      use(key, { open: (where) => where.append(...nodes), close() {} }, list.querySelector(`[data-tool=${key}]`));
    }
    return { add, act, stop, tell, room, middle };
  }

  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { // without https, as inside many town halls, only the older way is there
      const field = document.createElement("textarea");
      field.value = text;
      field.style.cssText = "position:fixed;opacity:0";
      const held = document.activeElement;
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      if (held) held.focus({ preventScroll: true });
      return done; // where that is forbidden too, the person copies by hand
    }
  }

  function copyLine(live, element, text) {
    return element("input", { class: "gt-text", readonly: true, value: text, "aria-label": live.say("link_made"), onfocus: (event) => event.target.select() });
  }

  /* ---- coordinates ---- */

  function coordinates(live, { element, fetchJson, marker }) {
    let pin;
    let answer;
    let asked = 0;

    async function ask({ lat, lng }) {
      const mine = ++asked;
      if (pin) pin.remove();
      pin = marker([lat, lng], { pane: "gm-report", interactive: false, keyboard: false, icon: L.divIcon({ className: "gm-target", html: element("span", { class: "gt-plus" }, "＋"), iconSize: [44, 44] }) }).addTo(live.map);
      answer.replaceChildren(element("p", {}, live.say("loading")));
      let found;
      try {
        found = await fetchJson(`/api/coordinates?lon=${lng.toFixed(7)}&lat=${lat.toFixed(7)}`);
      } catch {
        if (mine === asked) answer.replaceChildren(element("p", { class: "gm-bad" }, live.say("coordinates_failed")));
        return;
      }
      if (mine === asked) show(found.rows);
    }

    function show(rows) {
      const text = rows.map(([name, value]) => `${name}\t${value}`).join("\n");
      const told = element("p", {});
      answer.replaceChildren(
        element("dl", { class: "gt-rows" }, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
        element("button", { type: "button", class: "gm-button", onclick: async () => {
          told.textContent = (await copy(text)) ? live.say("copied") : live.say("copy_by_hand");
        } }, live.say("copy")), told);
    }

    const onClick = ({ latlng }) => ask(latlng);
    return {
      taps: true,
      cross: true,
      open(box) {
        answer = element("div", { role: "status" });
        live.map.on("click", onClick);
        box.append(element("p", {}, live.say("coordinates_hint")),
          element("button", { type: "button", class: "gm-button", onclick: () => ask(live.tools.middle()) }, live.say("coordinates_centre")), answer);
      },
      close() {
        asked += 1;
        live.map.off("click", onClick);
        if (pin) pin.remove();
      },
    };
  }

  /* ---- printing ---- */

  function printing(live, { element, fetchJson }) {
    const map = live.map;
    const wish = { paper: "A4", orientation: "portrait", scale: 0, title: "", reports: true };
    let papers;
    let frame;
    let link;

    // Width and height of the printed ground in metres.
    function ground() {
      const [wide, high] = papers.frames_mm[wish.paper][wish.orientation];
      return [(wide * wish.scale) / 1000, (high * wish.scale) / 1000];
    }

    function corners({ lat, lng }) {
      const middle = live.plane.toPlane(lng, lat);
      const [wide, high] = ground();
      return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([x, y]) => {
        const place = live.plane.toLonLat(middle.east + (x * wide) / 2, middle.north + (y * high) / 2);
        return [place.lat, place.lon];
      });
    }

    // The round scale whose sheet shows about as much as the window does.
    function nearestScale() {
      const [wide, high] = papers.frames_mm[wish.paper][wish.orientation];
      const { left, right, top, bottom } = live.tools.room();
      const [one, other] = [[left, bottom], [right, top]].map((point) => {
        const { lat, lng } = map.containerPointToLatLng(point);
        return live.plane.toPlane(lng, lat);
      });
      const fits = Math.min((other.east - one.east) / wide, (other.north - one.north) / high) * 1000;
      return [...papers.scales].reverse().find((scale) => scale <= fits) || papers.scales[0];
    }

    function show() {
      const { lat, lng } = live.tools.middle();
      const [west, south, east, north] = [lng - 3, lat - 3, lng + 3, lat + 3];
      frame.setLatLngs([[[south, west], [south, east], [north, east], [north, west]], corners({ lat, lng })]);
      const asked = new URLSearchParams({
        lon: lng.toFixed(6), lat: lat.toFixed(6), scale: wish.scale, paper: wish.paper, orientation: wish.orientation,
        layers: live.config.layers.filter((layer) => layer.ok && !live.off.has(layer.id)).map((layer) => layer.id).join(","), title: wish.title,
      });
      if (wish.reports && live.options.reports && !live.off.has("reports")) {
        asked.set("reports", "1");
        for (const name of ["category", "state"]) if (live.filters[name].size) asked.set(name, [...live.filters[name]].join(","));
      }
      link.href = `/print/map.pdf?${asked}`;
    }

    function select(key, choices, value, change) {
      const field = element("select", { onchange: () => { change(field.value); show(); } },
        ...choices.map(([name, text]) => element("option", { value: name, selected: String(name) === String(value) }, text)));
      return element("label", { class: "gt-field" }, element("span", {}, live.say(key)), field);
    }

    function form(box) {
      frame = L.polygon([], { color: "#0017c1", weight: 3, fillColor: "#1a1a1c", fillOpacity: 0.25, interactive: false }).addTo(map);
      link = element("a", { class: "gm-button gt-link", target: "_blank", rel: "noopener" }, live.say("print_open"));
      const title = element("input", { type: "text", maxlength: "60", value: wish.title, oninput: () => { wish.title = title.value; show(); } });
      const scales = select("print_scale", papers.scales.map((scale) => [scale, `1:${scale.toLocaleString("ja")}`]), "", (value) => { wish.scale = Number(value); });
      box.append(
        element("p", {}, live.say("print_hint")),
        select("print_paper", Object.keys(papers.frames_mm).map((name) => [name, name]), wish.paper, (value) => { wish.paper = value; }),
        select("print_way", ["portrait", "landscape"].map((name) => [name, live.say(`print_${name}`)]), wish.orientation, (value) => { wish.orientation = value; }),
        scales,
        element("label", { class: "gt-field" }, element("span", {}, live.say("print_title")), title),
        live.options.reports ? live.check(live.say("print_reports"), wish.reports, (on) => { wish.reports = on; show(); }) : null,
        link);
      wish.scale = nearestScale(); // now that the box has its size
      scales.querySelector("select").value = wish.scale;
      map.on("move viewchange", show);
      show();
    }

    return {
      async open(box) {
        try {
          papers = papers || await fetchJson("/print/papers.json");
        } catch {
          box.append(element("p", { class: "gm-bad" }, live.say("print_failed")));
          return;
        }
        if (!box.hidden) form(box);
      },
      close() {
        map.off("move viewchange", show);
        if (frame) frame.remove();
        frame = null;
      },
    };
  }

  /* ---- full screen ---- */

  function fullScreen(live) {
    const frame = window.frameElement || document.documentElement;
    let former = null; // the frame's own style while it is spread over the page
    const button = live.tools.act("full", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else if (former !== null) spread(false);
      else if (document.fullscreenEnabled) document.documentElement.requestFullscreen().catch(() => spread(true));
      else spread(true);
    });
    const name = () => { button.textContent = live.say(document.fullscreenElement || former !== null ? "tool_full_end" : "tool_full"); };
    // Where the browser has no full screen, such as on some telephones, the map covers the page instead.
    function spread(on) {
      if (on) former = frame.style.cssText;
      frame.style.cssText = on ? `${former};position:fixed;inset:0;width:100vw !important;height:100dvh !important;max-height:none !important;z-index:2147483000;background:#fff` : former;
      if (!on) former = null;
      name();
    }
    document.addEventListener("fullscreenchange", name);
  }

  /* ---- a link that reopens the same view: ?map=zoom~lat~lon~base~layers~reports ---- */

  function viewText(live) {
    const { lat, lng } = live.map.getCenter();
    const layers = live.config.layers.filter((layer) => !live.off.has(layer.id)).map((layer) => {
      const share = live.shares.get(layer.id);
      return share === undefined || share === 1 ? layer.id : `${layer.id}*${Math.round(share * 100)}`;
    });
    const chosen = (name) => [...live.filters[name]].join(".");
    const reports = live.off.has("reports") ? "off" : `on-${chosen("state")}-${chosen("category")}`;
    return [live.map.getZoom(), lat.toFixed(6), lng.toFixed(6), live.baseChoice, layers.join("."), reports].join("~");
  }

  // Only what this map knows is taken over; anything else in a link is passed by.
  function restoreView(live, text) {
    const [zoom, lat, lon, base, layers, reports] = text.split("~");
    const known = new Map(live.config.layers.map((layer) => [layer.id, layer]));
    if (layers !== undefined) {
      for (const id of known.keys()) live.off.add(id);
      for (const one of layers.split(".")) {
        const [id, share] = one.split("*");
        if (!known.has(id)) continue;
        live.off.delete(id);
        if (/^(100|[1-9]0)$/.test(share)) live.shares.set(id, Number(share) / 100);
      }
    }
    if (reports !== undefined) restoreReports(live, reports);
    if (base === "town" || Object.hasOwn(live.bases, base)) live.wantedBase = base;
    const place = [zoom, lat, lon].map((part) => (/^-?\d{1,3}(\.\d{1,10})?$/.test(part || "") ? Number(part) : NaN));
    if (place.every(Number.isFinite) && Math.abs(place[1]) <= 85 && Math.abs(place[2]) <= 180) {
      const near = L.latLngBounds(live.map.options.maxBounds);
      if (near.contains([place[1], place[2]])) live.map.setView([place[1], place[2]], Math.min(Math.max(place[0], 8), 20), { animate: false });
    }
  }

  function restoreReports(live, text) {
    if (text === "off") live.off.add("reports");
    const found = /^on-([a-z_.]*)-([a-z_.]*)$/.exec(text);
    if (!found) return;
    const known = { state: live.config.states, category: live.config.categories };
    ["state", "category"].forEach((name, i) => {
      const codes = new Set([...known[name].map((one) => one.code), "none"]);
      const chosen = found[i + 1].split(".").filter((code) => codes.has(code));
      live.filters[name] = new Set(chosen);
      const set = live.panel.querySelector(`fieldset[data-filter=${name}]`);
      if (chosen.length && set) set.querySelectorAll("input").forEach((box, at) => { box.checked = chosen.includes(known[name][at].code); });
    });
  }

  function linkOf(live) {
    const url = new URL(window.parent.location.href);
    url.searchParams.delete("report");
    url.searchParams.set("map", viewText(live));
    return url;
  }

  function keepLink(live) {
    const text = new URL(window.parent.location.href).searchParams.get("map");
    if (text && !live.options.focus) restoreView(live, text);
    const shown = live.panel.querySelector("h2 + .gm-check input");
    if (shown && live.off.has("reports")) shown.checked = false;
    let timer;
    let first = null; // the view when somebody first touched the map; until it changes the address stays as typed
    for (const touch of ["pointerdown", "keydown", "wheel"]) {
      live.map.getContainer().addEventListener(touch, () => { first ??= viewText(live); }, { capture: true, once: true, passive: true });
    }
    live.map.on("viewchange", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        if (first === null || viewText(live) === first) return;
        first = "";
        window.parent.history.replaceState(window.parent.history.state, "", linkOf(live));
      }, LINK_WAIT_MS);
    });
  }

  async function shareLink(live, { element }) {
    const text = String(linkOf(live));
    const done = await copy(text);
    live.tools.tell("link", element("p", { role: "status" }, live.say(done ? "link_copied" : "copy_by_hand")), copyLine(live, element, text));
  }

  /* ---- what a layer's row offers: how strongly it is drawn, and what of it is in the window ---- */

  function rowPart(live, kit, layer) {
    const { element } = kit;
    const body = element("div", { class: "gt-row", hidden: true });
    const opener = element("button", { type: "button", class: "gt-more", "aria-expanded": "false", "aria-label": live.say("row_more_of", { title: layer.title }), onclick: () => {
      if (!body.children.length) body.append(shareSlider(live, element, layer), featureList(live, kit, layer));
      body.hidden = !body.hidden;
      opener.setAttribute("aria-expanded", String(!body.hidden));
    } }, live.say("row_more"));
    return element("div", { class: "gt-extra" }, opener, body);
  }

  function shareSlider(live, element, layer) {
    const now = Math.round((live.shares.get(layer.id) ?? 1) * 100);
    const text = element("span", {}, live.say("row_share", { n: now }));
    const slider = element("input", { type: "range", min: SHARE_STEP, max: 100, step: SHARE_STEP, value: now, oninput: () => {
      text.textContent = live.say("row_share", { n: slider.value });
      live.shares.set(layer.id, Number(slider.value) / 100);
      live.fade(layer.id);
      live.map.fire("viewchange");
    } });
    return element("label", { class: "gt-field" }, text, slider);
  }

  function featureList(live, { element, fetchJson }, layer) {
    const told = element("p", { role: "status" });
    const list = element("ul", { class: "gt-features" });
    const button = element("button", { type: "button", class: "gm-button", onclick: async () => {
      const seen = live.map.getBounds();
      const box = [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()].map((side) => side.toFixed(6)).join(",");
      told.textContent = live.say("loading");
      list.replaceChildren();
      let found;
      try {
        found = await fetchJson(`/live/layers/${layer.id}.json?v=${layer.version}&bbox=${box}&z=${Math.max(LIST_ZOOM, Math.round(live.map.getZoom()))}`);
      } catch {
        told.textContent = live.say("row_failed");
        return;
      }
      const features = found.features.filter((feature) => !feature.properties.cluster);
      const cut = found.truncated || features.length > LISTED;
      told.textContent = !features.length ? live.say("row_none") : live.say(cut ? "row_listed_some" : "row_listed", { n: Math.min(features.length, LISTED) });
      list.replaceChildren(...features.slice(0, LISTED).map((feature) => element("li", {}, featureButton(live, element, layer, feature, seen))));
    } }, live.say("row_list"));
    return element("div", {}, button, told, list);
  }

  function featureButton(live, element, layer, feature, seen) {
    const style = live.styleOf(layer, feature);
    const { title } = feature.properties;
    return element("button", { type: "button", onclick: () => {
      if (live.map.getContainer().clientWidth <= WIDE_PX) live.togglePanel();
      live.openCard(spotOf(feature.geometry, seen), live.featurePopup(layer, style, feature.properties));
    } }, element("b", {}, title || layer.title), style.text && style.text !== layer.title && !String(title).includes(style.text) ? element("small", {}, style.text) : null);
  }

  // A place of the feature that is in the window: of a line or an area the corner nearest to the window's middle.
  function spotOf(geometry, seen) {
    const flat = geometry.coordinates.flat(Infinity);
    const corners = Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
    const middle = seen.getCenter();
    const away = ([lon, lat]) => (lon - middle.lng) ** 2 + (lat - middle.lat) ** 2;
    const [lon, lat] = corners.reduce((best, one) => (away(one) < away(best) ? one : best));
    return L.latLng(lat, lon);
  }
})();
