/* The places of an answered table on the map: a letter and a colour for those in a hazard zone, a dot for the rest. */
(() => {
  "use strict";

  window.gisapp.parts.push((live, { element, fetchJson, marker, readableOn }) => {
    if (!live.options.points) return;
    for (const layer of live.config.layers) if (layer.kind !== "boundary") live.off.add(layer.id); // the signs tell the answer
    fetchJson(live.options.points).then(({ points }) => draw(points), () => {
      live.status.replaceChildren(element("p", {}, live.say("points_failed")));
      live.status.classList.add("gm-failed");
    });

    function draw(points) {
      const group = L.featureGroup(points.map(pin)).addTo(live.map);
      if (points.length) live.map.fitBounds(group.getBounds(), { maxZoom: 17, padding: [40, 40], animate: false });
      live.map.getContainer().dataset.points = points.length;
    }

    function pin(point) {
      const face = element("span", { class: "gm-pin" }, point.letter || "・");
      face.style.background = point.fill || "#ffffff";
      face.style.borderColor = point.stroke || "#1a1a1c";
      face.style.color = readableOn(point.fill);
      const mark = marker([point.lat, point.lon], {
        pane: "gm-report", icon: L.divIcon({ className: "gm-target", html: face, iconSize: [44, 44] }),
        alt: live.say("points_alt", { n: point.n, title: point.title, text: point.text }),
      });
      return live.opening(mark, () => element("article", { class: "gm-popup" },
        element("h3", {}, point.title || live.say("points_alt", { n: point.n })),
        element("dl", {}, ...point.rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]))));
    }
  });
})();
