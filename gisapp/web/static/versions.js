/* What lies between two versions of a layer: ＋ added, － removed, → moved from its old place, △ changed. */
(() => {
  "use strict";

  const LOOKS = {
    added: { letter: "＋", color: "#12693a" },
    removed: { letter: "－", color: "#b00000" },
    moved: { letter: "→", color: "#0017c1" },
    changed: { letter: "△", color: "#8a5a00" },
  };

  async function start(live, { element, fetchJson, marker, layerOfThePage }) {
    const [old, now] = live.options.versions;
    const id = await layerOfThePage();
    for (const layer of live.config.layers) live.off.add(layer.id); // the two versions alone are looked at here
    let found;
    try {
      found = await fetchJson(`/edits/${encodeURIComponent(id)}/compare.json?old=${old}&new=${now}`);
    } catch {
      live.map.getContainer().append(element("p", { class: "gm-status gm-failed", role: "alert" }, live.say("versions_failed")));
      return;
    }
    const bounds = L.latLngBounds([]);
    for (const feature of found.features) {
      if (!feature.geometry) continue;
      const act = feature.properties.acts[0];
      const look = LOOKS[act];
      const drawn = L.geoJSON(feature.geometry, { color: look.color, weight: 4, dashArray: act === "removed" ? "6 6" : "", fillOpacity: 0.15, interactive: false, pointToLayer: (_, at) => L.layerGroup([sign(at, feature, look)]) }).addTo(live.map);
      if (feature.geometry.type !== "Point") sign(middle(feature.geometry), feature, look).addTo(live.map);
      bounds.extend(L.geoJSON(feature.geometry).getBounds());
      if (feature.properties.old) { way(feature); bounds.extend(L.geoJSON(feature.properties.old).getBounds()); }
      drawn.bringToBack?.();
    }
    if (bounds.isValid()) live.map.fitBounds(bounds.pad(0.15), { maxZoom: 17, animate: false });
    live.map.getContainer().append(legend());
    live.map.getContainer().dataset.versions = "ready";

    function middle(geometry) { return L.geoJSON(geometry).getBounds().getCenter(); }

    function way(feature) {
      const from = middle(feature.properties.old);
      const to = middle(feature.geometry);
      L.polyline([from, to], { color: LOOKS.moved.color, weight: 3, dashArray: "8 5", interactive: false }).addTo(live.map);
      L.circleMarker(from, { radius: 7, color: "#5f5f66", weight: 3, fillColor: "#ffffff", fillOpacity: 1, interactive: false }).addTo(live.map);
      if (feature.properties.old.type !== "Point") L.geoJSON(feature.properties.old, { color: "#5f5f66", weight: 2, dashArray: "4 6", fill: false, interactive: false }).addTo(live.map);
    }

    function sign(at, feature, look) {
      const letters = feature.properties.acts.map((act) => LOOKS[act].letter).join("");
      const face = element("span", { class: "ge-sign" }, letters);
      face.style.background = look.color;
      const acts = feature.properties.acts.map((act) => live.say(`versions_${act}`)).join("・");
      const pin = marker(at, { pane: "gm-report", alt: `${acts} ${feature.properties.title}`, icon: L.divIcon({ className: "gm-target", html: face, iconSize: [44, 44] }) });
      const open = () => live.openCard(pin.getLatLng(), card(feature, acts));
      return pin.on("click", open).on("keydown", ({ originalEvent }) => { if (originalEvent.key === "Enter" || originalEvent.key === " ") { L.DomEvent.stop(originalEvent); open(); } });
    }

    function card({ properties }, acts) {
      return element("article", { class: "gm-popup" }, element("p", { class: "gm-kind" }, acts), element("h3", {}, properties.title || properties.id),
        properties.moved ? element("p", {}, live.say("versions_away", { m: properties.moved })) : null,
        ...properties.rows.map((row) => element("p", {}, row)));
    }

    function legend() {
      const lines = Object.entries(LOOKS).filter(([act]) => found.counts[act]).map(([act, look]) => {
        const mark = element("b", { "aria-hidden": "true" }, look.letter);
        mark.style.background = look.color;
        return element("li", {}, mark, `${live.say(`versions_${act}`)} ${found.counts[act].toLocaleString("ja")}`);
      });
      return element("section", { class: "ge-key", "aria-label": live.say("versions_legend") }, element("ul", { class: "ge-legend" }, ...lines), found.truncated ? element("p", {}, live.say("versions_truncated", { n: found.features.length.toLocaleString("ja") })) : null);
    }
  }

  window.gisapp.parts.push((live, tools) => { if (live.options.versions) start(live, tools); });
})();
