/* Two people at one feature: what it was, what the other made of it, what I made of it; for each part a choice. */
(() => {
  "use strict";

  const LOOKS = { base: { color: "#5f5f66", letter: "元", dashArray: "4 6" }, theirs: { color: "#b00000", letter: "相", dashArray: "" }, mine: { color: "#0017c1", letter: "自", dashArray: "" } };

  function settle(editor, conflict, chosen) {
    const { element } = editor;
    const say = (key, values) => editor.say(key, values);
    const dialog = element("dialog", { class: "ge-dialog", "aria-labelledby": "ge-conflict" });
    const choices = new Map();
    const title = (conflict.mine || conflict.theirs || conflict.base).title;
    const go = element("button", { type: "button", class: "ge-save", onclick: () => finish() }, say("conflict_save"));
    const later = element("button", { type: "button", onclick: () => shut() }, say("conflict_later"));

    function shut() {
      dialog.close();
      dialog.remove();
    }

    function ready() {
      go.disabled = [...choices.values()].includes("");
    }

    function radio(name, side, text, on) {
      const input = element("input", { type: "radio", name: `ge-${name}`, value: side, checked: on, onchange: () => { choices.set(name, side); ready(); } });
      return element("label", { class: "ge-choice" }, input, element("span", {}, text));
    }

    // A part that only one of the two has touched is proposed as that one left it; where both did, a person says.
    function proposed(base, theirs, mine) {
      if (base === undefined) return "";
      if (theirs === mine) return "theirs";
      if (base === theirs) return "mine";
      return base === mine ? "theirs" : "";
    }

    function line(name, label, shown, key) {
      const [base, theirs, mine] = ["base", "theirs", "mine"].map((side) => (conflict[side] ? key(conflict[side]) : undefined));
      if (theirs === mine) return null;
      const first = proposed(base, theirs, mine);
      choices.set(name, first);
      return element("tr", {}, element("th", { scope: "row" }, label),
        element("td", { "data-head": say("side_base") }, conflict.base ? shown(conflict.base, "base") : say("side_unknown")),
        element("td", { "data-head": say("side_theirs") }, radio(name, "theirs", shown(conflict.theirs, "theirs"), first === "theirs")),
        element("td", { "data-head": say("side_mine") }, radio(name, "mine", shown(conflict.mine, "mine"), first === "mine")));
    }

    function fieldText(field, side) {
      const value = side.values[field.name];
      if (value == null || value === "") return say("empty");
      if (typeof value === "boolean") return say(value ? "yes" : "no");
      if (typeof value === "object") return Object.entries(value).map(([name, one]) => `${name}：${one ?? ""}`).join("、");
      const meant = field.allowed.find((one) => one.value === value);
      return meant ? meant.text : `${value}${field.unit}`;
    }

    function away(from, to) {
      if (!from || !to) return "";
      const metres = L.geoJSON(from.geometry).getBounds().getCenter().distanceTo(L.geoJSON(to.geometry).getBounds().getCenter());
      return metres < 0.1 ? say("same_place") : say("moved_by", { m: metres.toFixed(1) });
    }

    function whole() {
      choices.set("whole", "");
      const text = (side) => (conflict[side] ? say("keep_it") : say("leave_deleted"));
      return element("div", { class: "ge-row ge-whole", role: "radiogroup", "aria-label": title }, radio("whole", "theirs", `${say("side_theirs")}：${text("theirs")}`, false), radio("whole", "mine", `${say("side_mine")}：${text("mine")}`, false));
    }

    function finish() {
      shut();
      if (choices.has("whole")) {
        if (choices.get("whole") === "theirs") return chosen(null);
        if (!conflict.mine) return chosen({ act: "delete", feature_id: conflict.feature_id, seen: conflict.now, values: {}, geometry: null });
        return chosen({ act: "create", feature_id: conflict.feature_id, seen: conflict.seen, values: ownValues(), geometry: conflict.mine.geometry });
      }
      const values = {};
      for (const [name, side] of choices) if (side === "mine" && name !== "geometry") values[name] = conflict.mine.values[name];
      const geometry = choices.get("geometry") === "mine" ? conflict.mine.geometry : null;
      if (!geometry && !Object.keys(values).length) return chosen(null);
      return chosen({ act: "update", feature_id: conflict.feature_id, seen: conflict.now, values, geometry });
    }

    function ownValues() {
      return Object.fromEntries(editor.form.fields.map((field) => [field.name, conflict.mine.values[field.name] ?? (field.type === "properties" ? {} : null)]));
    }

    const rows = conflict.theirs && conflict.mine
      ? [...editor.form.fields.map((field) => line(field.name, field.label, (side) => fieldText(field, side), (side) => JSON.stringify(side.values[field.name] ?? null))),
        line("geometry", say("place"), (side, name) => (name === "base" ? say("as_drawn") : away(conflict.base, side) || say("as_drawn")), (side) => JSON.stringify(side.geometry))].filter(Boolean)
      : [];
    const picture = element("div", { class: "ge-picture", role: "img", "aria-label": say("picture") });
    const heads = ["part", "side_base", "side_theirs", "side_mine"].map((key) => element("th", { scope: "col" }, say(key)));
    dialog.append(
      element("h2", { id: "ge-conflict" }, say("conflict_title", { title })),
      element("p", {}, say("conflict_text", { by: conflict.their_name, time: conflict.their_time })),
      picture, legend(),
      rows.length ? element("table", { class: "ge-sides" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows)) : whole(),
      element("div", { class: "ge-row" }, later, go));
    dialog.addEventListener("cancel", (event) => { event.preventDefault(); shut(); });
    ready();
    document.body.append(dialog);
    dialog.showModal();
    draw();

    function legend() {
      return element("ul", { class: "ge-legend" }, ...Object.entries(LOOKS).filter(([side]) => conflict[side]).map(([side, look]) => {
        const mark = element("b", { "aria-hidden": "true" }, look.letter);
        mark.style.background = look.color;
        return element("li", {}, mark, say(`side_${side}`));
      }));
    }

    function draw() {
      const map = L.map(picture, { zoomControl: true, attributionControl: false, scrollWheelZoom: false });
      const bounds = L.latLngBounds([]);
      for (const [side, look] of Object.entries(LOOKS)) {
        if (!conflict[side]) continue;
        const drawn = L.geoJSON(conflict[side].geometry, { color: look.color, weight: 4, dashArray: look.dashArray, fillOpacity: 0.12, interactive: false, pointToLayer: (_, at) => sign(at, look, side) }).addTo(map);
        bounds.extend(drawn.getBounds());
        if (conflict[side].geometry.type !== "Point") sign(drawn.getBounds().getCenter(), look, side).addTo(map);
      }
      map.fitBounds(bounds.pad(0.4), { maxZoom: 18, animate: false });
      L.control.scale({ imperial: false }).addTo(map);
      streets(map);
    }

    // Where two of the three lie at one place their signs stand side by side.
    function sign(at, look, side) {
      const face = element("span", { class: "ge-sign" }, look.letter);
      face.style.background = look.color;
      const shift = { base: 16, theirs: 44, mine: -12 }[side];
      return L.marker(at, { interactive: false, keyboard: false, icon: L.divIcon({ className: "gm-target", html: face, iconSize: [32, 32], iconAnchor: [shift, 16] }) });
    }

    async function streets(map) {
      const b = map.getBounds().pad(0.3);
      const layer = editor.live.config.layers.find((one) => one.id === "road_section" && one.ok);
      if (!layer) return;
      try {
        const found = await editor.fetchJson(`/live/layers/road_section.json?v=${layer.version}&bbox=${b.getWest()},${b.getSouth()},${b.getEast()},${b.getNorth()}&z=${Math.round(map.getZoom())}`);
        L.geoJSON(found.features.map((one) => ({ type: "Feature", geometry: one.geometry, properties: {} })), { color: "#c9c4b4", weight: 5, interactive: false }).addTo(map).bringToBack();
      } catch { /* the positions are seen without streets as well */ }
    }
  }

  window.gisapp.settle = settle;
})();
