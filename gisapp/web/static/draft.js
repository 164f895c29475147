/* The map of an import that waits for a yes: what is in the file (red, dashed), what it would become (green),
   and a list that leads to each place. Shapes come from /imports/<token>/; nothing of them is markup. */
(() => {
  "use strict";

  const BEFORE = { color: "#c00000", weight: 2.5, dashArray: "7 6", fill: true, fillColor: "#c00000", fillOpacity: 0.08 };
  const AFTER = { color: "#12883f", weight: 6, fill: true, fillColor: "#12693a", fillOpacity: 0.18 };
  const CLOSE = 18;

  function drawn(collection, style, live) {
    return L.geoJSON(collection, {
      pane: "gm-report", renderer: live.renderers["gm-report"], style, interactive: false,
      pointToLayer: (feature, latlng) => L.circleMarker(latlng, { ...style, radius: 10, pane: "gm-report", renderer: live.renderers["gm-report"] }),
    });
  }

  function key(element, words, style) {
    const line = element("span", { class: "gd-line", "aria-hidden": "true" });
    line.style.borderTop = `4px ${style.dashArray ? "dashed" : "solid"} ${style.color}`;
    return element("li", {}, line, words);
  }

  async function start(live, { element, fetchJson, marker }) {
    const token = new URL(window.parent.location.href).searchParams.get("draft");
    if (!/^[\w-]{22}$/.test(token || "")) return;
    for (const layer of live.config.layers) live.off.add(layer.id); // the file alone is looked at here
    const list = element("section", { class: "gd-list", "aria-label": live.say("draft_title", { n: "" }) });
    live.map.getContainer().append(list);
    live.map.getContainer().classList.add("gd-map");
    let before, after;
    try {
      [before, after] = await Promise.all(["before", "after"].map((side) => fetchJson(`/imports/${token}/${side}.json`)));
    } catch (problem) {
      list.append(element("p", { class: "gm-bad", role: "alert" }, live.say("draft_failed")));
      return;
    }
    const now = drawn(before, BEFORE, live);
    const then = drawn(after, AFTER, live).addTo(live.map);
    now.addTo(live.map);
    const spot = L.layerGroup().addTo(live.map);
    const wide = () => window.innerWidth > 700;
    const room = () => (wide() ? { paddingBottomRight: [330, 30], paddingTopLeft: [30, 30] } : { paddingBottomRight: [20, 260], paddingTopLeft: [20, 20] });

    function goTo(at, button) {
      spot.clearLayers();
      list.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one === button)));
      const { spot: place } = before.features[at].properties;
      if (place) {
        const here = [place[1], place[0]]; // lat, lon: Leaflet's order
        marker(here, {
          pane: "gm-report", alt: live.say("draft_spot"), interactive: false,
          icon: L.divIcon({ className: "gm-target", html: element("span", { class: "gd-spot" }), iconSize: [48, 48], iconAnchor: [24, 24] }),
        }).addTo(spot);
        live.map.fitBounds(L.latLng(here).toBounds(60), { ...room(), maxZoom: CLOSE, animate: false });
        return;
      }
      const side = after.features[at].geometry || before.features[at].geometry;
      if (side) live.map.fitBounds(L.geoJSON(side).getBounds(), { ...room(), maxZoom: CLOSE - 1, animate: false });
    }

    const rows = before.features.map(({ properties }, at) => {
      const button = element("button", { type: "button", "aria-pressed": "false", onclick: () => goTo(at, button) },
        element("b", {}, live.say("draft_row", { row: properties.row })),
        element("span", {}, live.say(`draft_${properties.code}`, { told: properties.told })));
      return element("li", {}, button);
    });
    list.append(
      element("h2", {}, live.say("draft_title", { n: rows.length })),
      element("ul", { class: "gd-keys" }, key(element, live.say("draft_before"), BEFORE), key(element, live.say("draft_after"), AFTER)),
      element("ol", { class: "gd-rows" }, ...rows),
    );
    const all = then.getBounds().isValid() ? then.getBounds() : now.getBounds();
    if (all.isValid()) live.map.fitBounds(all, { ...room(), maxZoom: CLOSE, animate: false });
    live.map.getContainer().dataset.draft = "ready";
  }

  window.gisapp.parts.push((live, tools) => { start(live, tools); });
})();
