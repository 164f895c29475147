/* Metres in the page: the town's plane rectangular zone, and the tools that measure lengths and areas in it. */
(() => {
  "use strict";

  /* 平面直角座標系 on the GRS80 ellipsoid, after Kawase (国土地理院時報 121, 2011): the same numbers as on the server,
     to less than a millimetre. Angles are degrees outside and radians inside; east and north are metres. */
  const AXIS_M = 6378137;
  const INVERSE_FLATTENING = 298.257222101;
  const SCALE = 0.9999;
  const RAD = Math.PI / 180;

  function plane([originLon, originLat]) {
    const n = 1 / (2 * INVERSE_FLATTENING - 1);
    const poly = (...terms) => terms.reduce((sum, [factor, power]) => sum + factor * n ** power, 0);
    const alpha = [
      poly([1 / 2, 1], [-2 / 3, 2], [5 / 16, 3], [41 / 180, 4], [-127 / 288, 5]),
      poly([13 / 48, 2], [-3 / 5, 3], [557 / 1440, 4], [281 / 630, 5]),
      poly([61 / 240, 3], [-103 / 140, 4], [15061 / 26880, 5]),
      poly([49561 / 161280, 4], [-179 / 168, 5]),
      poly([34729 / 80640, 5]),
    ];
    const beta = [
      poly([1 / 2, 1], [-2 / 3, 2], [37 / 96, 3], [-1 / 360, 4], [-81 / 512, 5]),
      poly([1 / 48, 2], [1 / 15, 3], [-437 / 1440, 4], [46 / 105, 5]),
      poly([17 / 480, 3], [-37 / 840, 4], [-209 / 4480, 5]),
      poly([4397 / 161280, 4], [-11 / 504, 5]),
      poly([4583 / 161280, 5]),
    ];
    const delta = [
      poly([2, 1], [-2 / 3, 2], [-2, 3], [116 / 45, 4], [26 / 45, 5], [-2854 / 675, 6]),
      poly([7 / 3, 2], [-8 / 5, 3], [-227 / 45, 4], [2704 / 315, 5], [2323 / 945, 6]),
      poly([56 / 15, 3], [-136 / 35, 4], [-1262 / 105, 5], [73814 / 2835, 6]),
      poly([4279 / 630, 4], [-332 / 35, 5], [-399572 / 14175, 6]),
      poly([4174 / 315, 5], [-144838 / 6237, 6]),
      poly([601676 / 22275, 6]),
    ];
    const arc = [
      poly([-3 / 2, 1], [3 / 16, 3], [3 / 128, 5]),
      poly([15 / 16, 2], [-15 / 64, 4]),
      poly([-35 / 48, 3], [175 / 768, 5]),
      poly([315 / 512, 4]),
      poly([-693 / 1280, 5]),
    ];
    const arcZero = poly([1, 0], [1 / 4, 2], [1 / 64, 4]);
    const unit = (SCALE * AXIS_M) / (1 + n);
    const radius = unit * arcZero;
    const latZero = originLat * RAD;
    const start = unit * (arcZero * latZero + arc.reduce((sum, a, j) => sum + a * Math.sin(2 * (j + 1) * latZero), 0));
    const root = (2 * Math.sqrt(n)) / (1 + n);

    function toPlane(lon, lat) {
      const sine = Math.sin(lat * RAD);
      const t = Math.sinh(Math.atanh(sine) - root * Math.atanh(root * sine));
      const away = (lon - originLon) * RAD;
      const xi = Math.atan2(t, Math.cos(away));
      const eta = Math.atanh(Math.sin(away) / Math.hypot(1, t));
      const sum = (wave, grow) => alpha.reduce((all, a, j) => all + a * wave(2 * (j + 1) * xi) * grow(2 * (j + 1) * eta), 0);
      return { north: radius * (xi + sum(Math.sin, Math.cosh)) - start, east: radius * (eta + sum(Math.cos, Math.sinh)) };
    }

    function toLonLat(east, north) {
      const xi = (north + start) / radius;
      const eta = east / radius;
      const less = (wave, grow) => beta.reduce((all, b, j) => all + b * wave(2 * (j + 1) * xi) * grow(2 * (j + 1) * eta), 0);
      const [xiOne, etaOne] = [xi - less(Math.sin, Math.cosh), eta - less(Math.cos, Math.sinh)];
      const chi = Math.asin(Math.sin(xiOne) / Math.cosh(etaOne));
      const lat = chi + delta.reduce((all, d, j) => all + d * Math.sin(2 * (j + 1) * chi), 0);
      return { lon: originLon + Math.atan2(Math.sinh(etaOne), Math.cos(xiOne)) / RAD, lat: lat / RAD };
    }

    return { toPlane, toLonLat };
  }

  // Metres along a row of places { lat, lng }.
  function lengthOf(zone, places) {
    const points = places.map((place) => zone.toPlane(place.lng, place.lat));
    return points.slice(1).reduce((sum, point, i) => sum + Math.hypot(point.east - points[i].east, point.north - points[i].north), 0);
  }

  // Square metres inside a ring of places.
  function areaOf(zone, places) {
    const points = places.map((place) => zone.toPlane(place.lng, place.lat));
    const twice = points.reduce((sum, point, i) => {
      const next = points[(i + 1) % points.length];
      return sum + point.east * next.north - next.east * point.north;
    }, 0);
    return Math.abs(twice) / 2;
  }

  const number = (value, digits) => value.toLocaleString("ja", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const lengthText = (metres) => (metres < 1000 ? `${number(metres, 1)} m` : `${number(metres / 1000, 3)} km`);
  const areaText = (square) => (square < 10000 ? `${number(square, 1)} m²` : `${number(square / 10000, 2)} ha（${number(square, 0)} m²）`);

  window.gisapp.plane = plane;
  window.gisapp.measured = { lengthOf, areaOf, lengthText, areaText };

  window.gisapp.parts.push((live, { element }) => {
    if (!live.tools) return;
    const zone = live.plane;
    const look = { color: "#b00000", weight: 4, interactive: false };

    function measuring(area) {
      let places = [];
      let pointer = null;
      let done = false;
      let group;
      const shape = area ? L.polygon([], { ...look, fillColor: "#b00000", fillOpacity: 0.15 }) : L.polyline([], look);
      const told = element("p", { class: "gt-told" });
      const exact = element("p", { class: "gt-result", role: "status" });

      function show() {
        const drawn = done || !pointer ? places : [...places, pointer];
        shape.setLatLngs(drawn);
        told.textContent = words(drawn);
        group.clearLayers().addLayer(shape);
        for (const place of places) group.addLayer(L.circleMarker(place, { radius: 5, color: "#b00000", weight: 2, fillColor: "#ffffff", fillOpacity: 1, interactive: false }));
      }

      function words(drawn) {
        if (drawn.length < 2) return live.say("measure_none");
        if (!area) return live.say("measure_length", { text: lengthText(lengthOf(zone, drawn)) });
        const round = live.say("measure_round", { text: lengthText(lengthOf(zone, [...drawn, drawn[0]])) });
        return `${live.say("measure_area", { text: areaText(areaOf(zone, drawn)) })}　${round}`;
      }

      // What is read aloud follows the points that are set, not every move of the pointer.
      function tell() {
        exact.textContent = places.length > 1 ? words(places) : "";
        show();
      }

      function add(place) {
        if (done) { places = []; done = false; }
        places.push(place);
        tell();
      }

      const onClick = ({ latlng }) => add(latlng);
      const onMove = ({ latlng }) => { pointer = latlng; if (!done) show(); };
      const button = (key, act) => element("button", { type: "button", class: "gm-button", onclick: act }, live.say(key));

      return {
        taps: true,
        cross: true,
        open(box) {
          group = L.layerGroup().addTo(live.map);
          live.map.on("click", onClick).on("mousemove", onMove);
          live.map.doubleClickZoom.disable();
          box.append(element("p", {}, live.say("measure_hint")), told, exact, element("div", { class: "gt-buttons" },
            button("measure_centre", () => add(live.map.getCenter())),
            button("measure_undo", () => { places.pop(); done = false; tell(); }),
            button("measure_finish", () => { done = true; pointer = null; tell(); }),
            button("measure_clear", () => { places = []; pointer = null; done = false; tell(); })),
          element("p", { class: "gm-source" }, live.say("measure_note", { n: live.config.town.zone })));
          tell();
        },
        close() {
          live.map.off("click", onClick).off("mousemove", onMove);
          live.map.doubleClickZoom.enable();
          group.remove();
          places = [];
        },
      };
    }

    live.tools.add("distance", measuring(false));
    live.tools.add("area", measuring(true));
  });
})();
