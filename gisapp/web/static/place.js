/* 地点カルテ on the map: a tap on an empty spot, or a long press anywhere, asks what every department knows of the
   place; the card of any feature gets a link to the karte of the place it stands on. */
(() => {
  "use strict";

  const SAME_TAP_MS = 400; // a feature's own card, opened by the same tap, goes first
  const DIGITS = 6;
  const MARKS = { found: "▲", none: "－", unknown: "？" };

  window.gisapp.parts.push((live, { element, fetchJson, marker }) => {
    const { map, options } = live;
    if (options.pick || !options.ask) return;
    let opened = -Infinity;
    let asked = 0;

    map.on("popupopen", ({ popup }) => {
      opened = performance.now();
      const card = popup.getContent();
      if (!(card instanceof HTMLElement)) return;
      const keep = () => card.querySelector(".gm-karte") || card.append(karteLink(popup.getLatLng()));
      keep();
      popup.update();
      const refilled = new MutationObserver(keep); // a report's card is filled when its answer has come
      refilled.observe(card, { childList: true });
      popup.once("remove", () => refilled.disconnect());
    });
    map.on("click", ({ latlng }) => setTimeout(() => {
      if (performance.now() - opened > SAME_TAP_MS && !busy()) openPlace(latlng);
    }, 60));
    map.on("contextmenu", ({ latlng }) => busy() || openPlace(latlng)); // a long press, or the right button
    if (options.focus && options.karte.length) showFocus();
    else if (options.focus && new URL(window.parent.location.href).searchParams.has("lon")) openPlace(L.latLng(options.focus[1], options.focus[0]));

    // While something is drawn, measured or moved, a tap belongs to that tool.
    function busy() {
      const pm = map.pm;
      const drawing = pm && (pm.globalDrawModeEnabled() || pm.globalEditModeEnabled() || pm.globalDragModeEnabled());
      return Boolean(drawing || live.tool || map.getContainer().classList.contains("gm-measuring"));
    }

    function where({ lng, lat }) {
      return `lon=${lng.toFixed(DIGITS)}&lat=${lat.toFixed(DIGITS)}`;
    }

    function karteLink(latlng) {
      return link(`/place?${where(latlng)}`, live.say("place_open"), "gm-karte");
    }

    // The map's frame may not lead the page elsewhere; a link of the page itself may.
    function link(href, text, look) {
      return element("a", { href, class: look, target: "_blank", onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        const page = window.parent.document;
        const way = page.createElement("a");
        way.href = href;
        page.body.append(way);
        way.click();
        way.remove();
      } }, text);
    }

    function openPlace(latlng) {
      const mine = ++asked;
      const card = element("article", { class: "gm-popup", "aria-busy": "true" },
        element("h3", {}, live.say("place_about")), element("p", {}, live.say("loading")), karteLink(latlng));
      live.openCard(latlng, card);
      fetchJson(`/api/place?${where(latlng)}`)
        .then((karte) => fill(card, karte, latlng))
        .catch(() => card.replaceChildren(element("h3", {}, live.say("place_about")), element("p", { class: "gm-bad" }, live.say("place_failed")), karteLink(latlng)))
        .finally(() => {
          card.removeAttribute("aria-busy");
          if (mine === asked && live.card && live.card.getContent() === card) live.card.update();
        });
    }

    function fill(card, karte, latlng) {
      const risks = karte.hazards.filter((hazard) => hazard.status === "found");
      const unknown = karte.hazards.filter((hazard) => hazard.status === "unknown" && hazard.parts.length);
      const none = karte.hazards.filter((hazard) => hazard.status === "none");
      const parts = [
        element("h3", {}, live.say("place_about")),
        element("div", {}, karteLink(latlng), link(`/report?${where(latlng)}`, live.say("place_report"), "gm-also")),
        ...karte.place.notes.map((note) => element("p", { class: "gm-bad" }, note)),
        ...risks.map(riskLine),
        group(none, "none"),
        group(unknown, "unknown"),
        element("dl", {}, ...facts(karte, risks).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])),
      ];
      card.replaceChildren(...parts.filter(Boolean));
    }

    function riskLine(hazard) {
      const told = hazard.parts.filter((part) => part.status === "found").map((part) => `${part.title}：${part.text}`);
      return element("p", { class: "gm-risk" }, element("b", {}, `${MARKS.found} ${hazard.title}`), `　${told.join("。")}`);
    }

    function group(hazards, status) {
      if (!hazards.length) return null;
      const words = hazards[0].status === "unknown" ? live.say("place_unknown") : live.say("place_none");
      return element("p", {}, element("b", {}, `${MARKS[status]} ${hazards.map((hazard) => hazard.title).join("、")}`), `　${words}`);
    }

    function facts(karte, risks) {
      const layers = karte.departments.flatMap((department) => department.layers);
      const first = (kind) => layers.find((layer) => layer.kind === kind && layer.status === "found");
      const rows = [];
      for (const [kind, key] of [["neighbourhood_association", "place_association"], ["garbage_station", "place_garbage"], ["road_section", "place_road"]]) {
        const layer = first(kind);
        if (layer) rows.push([live.say(key), [layer.features[0].title, layer.features[0].text].filter(Boolean).join("　")]);
      }
      const hazard = risks[0] || karte.hazards.find((one) => one.evacuation_sites.offered.length);
      const site = hazard && hazard.evacuation_sites.offered[0];
      if (site) rows.push([live.say("place_refuge", { hazard: hazard.title }), `${site.name}　${site.text}`]);
      return rows;
    }

    function showFocus() {
      const [lon, lat] = options.focus;
      marker([lat, lon], {
        pane: "gm-report", alt: live.say("place_about"), interactive: false, keyboard: false,
        icon: L.divIcon({ className: "gm-target", html: element("span", { class: "gm-found" }, "▼"), iconSize: [44, 44], iconAnchor: [22, 44] }),
      }).addTo(map);
      map.setView([lat, lon], 16, { animate: false });
      const shown = new Set(); // one layer of a kind: five flood maps over one another show nothing
      for (const layer of live.config.layers) {
        const wanted = options.karte.includes(layer.kind) && !shown.has(layer.kind);
        if (wanted) { shown.add(layer.kind); live.off.delete(layer.id); }
      }
    }
  });
})();
