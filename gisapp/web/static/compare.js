/* Two layers side by side: a divider that a finger, a mouse or the arrow keys move. */
(() => {
  "use strict";

  const STEP = 2;
  const SIDES = ["left", "right"];

  window.gisapp.parts.push((live, { element, fetchJson }) => {
    if (!live.tools) return;
    const map = live.map;
    const chosen = { left: null, right: null };
    const drawn = { left: null, right: null };
    const asked = { left: 0, right: 0 };
    let at = 50; // where the divider stands, in hundredths of the window's width
    let trouble;

    const divider = element("div", { class: "gt-divider", role: "slider", tabindex: "0", "aria-label": live.say("compare_divider"), "aria-orientation": "horizontal", "aria-valuemin": "0", "aria-valuemax": "100", hidden: true },
      element("span", { "aria-hidden": "true" }, "◀ ▶"));
    map.getContainer().append(divider);
    L.DomEvent.disableClickPropagation(divider);

    function move(to) {
      at = Math.min(Math.max(to, 0), 100);
      divider.style.left = `${at}%`;
      divider.setAttribute("aria-valuenow", String(Math.round(at)));
      divider.setAttribute("aria-valuetext", live.say("compare_value", { left: chosen.left.title, right: chosen.right.title, n: Math.round(at) }));
      clip();
    }

    // A pane moves with the map, so its window is cut in the pane's own points.
    function clip() {
      const size = map.getSize();
      const [low, high] = [map.containerPointToLayerPoint([0, 0]), map.containerPointToLayerPoint(size)];
      const line = low.x + (size.x * at) / 100;
      map.getPane("gt-left").style.clip = `rect(${low.y}px, ${line}px, ${high.y}px, ${low.x}px)`;
      map.getPane("gt-right").style.clip = `rect(${low.y}px, ${high.x}px, ${high.y}px, ${line}px)`;
    }

    function panes() {
      for (const side of SIDES) {
        const name = `gt-${side}`;
        if (map.getPane(name)) continue;
        map.createPane(name).style.zIndex = 620;
        live.renderers[name] = live.rendererOf(name);
      }
    }

    async function load(side) {
      const layer = chosen[side];
      const mine = ++asked[side];
      const pane = `gt-${side}`;
      if (layer.picture) { put(side, L.tileLayer(layer.picture, { pane, maxNativeZoom: layer.finest, maxZoom: 22 })); return; }
      let found;
      try {
        found = await fetchJson(`/live/layers/${layer.id}.json?v=${layer.version}&bbox=${live.box()}&z=${Math.round(map.getZoom())}`);
      } catch {
        if (mine === asked[side]) trouble.textContent = live.say("compare_failed", { title: layer.title });
        return;
      }
      if (mine !== asked[side]) return;
      trouble.textContent = found.truncated ? live.say("truncated") : "";
      put(side, live.drawLayer(layer, found, { area: pane, line: pane, point: pane, label: pane }));
    }

    function put(side, group) {
      if (group._url && drawn[side] && drawn[side]._url === group._url) return; // image tiles follow the map themselves
      if (drawn[side]) drawn[side].remove();
      drawn[side] = group.addTo(map);
      clip();
    }

    function choose() {
      live.elsewhere = new Set(SIDES.map((side) => chosen[side].id));
      live.refresh();
      move(at);
    }

    const reload = () => SIDES.forEach(load);

    function select(side, layers) {
      const field = element("select", { onchange: () => { chosen[side] = layers[field.value]; choose(); } },
        ...layers.map((layer, i) => element("option", { value: i, selected: layer === chosen[side] }, layer.title)));
      return element("label", { class: "gt-field" }, element("span", {}, live.say(`compare_${side}`)), field);
    }

    divider.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: at - STEP, ArrowDown: at - STEP, ArrowRight: at + STEP, ArrowUp: at + STEP, Home: 0, End: 100 }[event.key];
      if (to === undefined) return;
      L.DomEvent.stop(event);
      move(to);
    });
    divider.addEventListener("pointerdown", (event) => {
      divider.setPointerCapture(event.pointerId);
      event.preventDefault();
      divider.focus({ preventScroll: true });
    });
    divider.addEventListener("pointermove", (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const frame = map.getContainer().getBoundingClientRect();
      move(((event.clientX - frame.left) / frame.width) * 100);
    });

    live.tools.add("compare", {
      open(box) {
        const layers = live.config.layers.filter((layer) => layer.ok);
        if (layers.length < 2) { box.append(element("p", {}, live.say("compare_few"))); return; }
        panes();
        const on = layers.filter((layer) => !live.off.has(layer.id) && layer.kind !== "boundary");
        chosen.left = layers.includes(chosen.left) ? chosen.left : on[0] || layers[0];
        chosen.right = layers.includes(chosen.right) && chosen.right !== chosen.left ? chosen.right : on.find((layer) => layer !== chosen.left) || layers.find((layer) => layer !== chosen.left);
        trouble = element("p", { class: "gm-bad", role: "status" });
        box.append(select("left", layers), select("right", layers), element("p", {}, live.say("compare_hint")), trouble);
        divider.hidden = false;
        map.on("viewchange", reload).on("move zoom viewreset", clip);
        choose();
      },
      close() {
        map.off("viewchange", reload).off("move zoom viewreset", clip);
        divider.hidden = true;
        for (const side of SIDES) {
          asked[side] += 1;
          if (drawn[side]) drawn[side].remove();
          drawn[side] = null;
          live.renderers[`gt-${side}`]?.remove(); // a canvas left behind would answer for what is gone
        }
        live.elsewhere = new Set();
        live.refresh();
      },
    });
  });
})();
