/* The public map with its list: the live map of map.js, filters that stand in the address, and a list that holds what
   the map shows. What people wrote enters the page as text only. */
(() => {
  "use strict";

  const WAIT_MS = 250; // a finger that is still moving asks for nothing
  const REFRESH_MS = 60000;
  const FILTERS = ["category", "state", "period", "q"];
  const SHAPES = { open: "●", working: "▲", done: "✓", closed: "－" };
  const told = JSON.parse(document.getElementById("pm-told").textContent);
  const [board, form, list, count, none, more, trouble, side] = ["pm-board", "pm-filters", "pm-list", "pm-count", "pm-none", "pm-more", "pm-trouble", "pm-side"]
    .map((id) => document.getElementById(id) || document.querySelector(`.${id}`));
  const [line, now] = [document.getElementById("pm-line"), document.getElementById("pm-now")];
  let live = null;
  let asked = null; // the request under way
  let shown = ""; // the question that the list answers
  let older = null;
  let within = ""; // the box that the list is about

  document.documentElement.classList.add("pm-js");

  function say(key, values = {}) {
    return (told.words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  /* ---- the address ---- */

  // What the form says, in the order of its fields; what is empty is left out.
  function chosen() {
    return [...new FormData(form)].filter(([, value]) => value.trim());
  }

  function view() {
    const asked = new URL(location.href).searchParams;
    const [lon, lat, zoom] = ["lon", "lat", "z"].map((name) => (asked.get(name) ? Number(asked.get(name)) : NaN));
    return [lon, lat, zoom].every(Number.isFinite) && Math.abs(lat) <= 85 && Math.abs(lon) <= 180 ? { lon, lat, zoom } : null;
  }

  function address(withView) {
    const found = new URLSearchParams(chosen());
    if (withView) {
      const { lat, lng } = live.map.getCenter();
      found.set("lat", lat.toFixed(5));
      found.set("lon", lng.toFixed(5));
      found.set("z", String(live.map.getZoom()));
    }
    const text = found.toString();
    return text ? `?${text}` : location.pathname;
  }

  function fillForm() {
    const asked = new URL(location.href).searchParams;
    const every = (name) => asked.getAll(name).flatMap((text) => text.split(","));
    for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = every(box.name).includes(box.value);
    form.elements.period.value = [...form.elements.period.options].some((one) => one.value === asked.get("period")) ? asked.get("period") : "";
    form.elements.q.value = asked.get("q") || "";
  }

  function toMap(opened) {
    for (const name of FILTERS) opened.filters[name] = new Set(chosen().filter(([key]) => key === name).map(([, value]) => value.trim()));
  }

  function filtered() {
    history.pushState(null, "", address(true));
    toMap(live);
    live.refresh();
    load();
    showChoice();
  }

  function showChoice() {
    const text = new URLSearchParams(chosen()).toString();
    document.getElementById("pm-to-list").href = `/map/list${text ? `?${text}` : ""}`;
    const { period, q } = form.elements;
    const names = [...form.querySelectorAll("input:checked")].map((box) => box.dataset.name);
    if (period.value) names.push(period.selectedOptions[0].textContent);
    if (q.value.trim()) names.push(q.value.trim());
    now.textContent = say("now", { text: names.join("・") });
    now.hidden = !names.length;
  }

  /* ---- the list ---- */

  function box() {
    const seen = live.map.getBounds();
    return [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()].map((side) => side.toFixed(5)).join(",");
  }

  function hidden() {
    return board.dataset.view === "list"; // a map of no size shows nothing, so the list keeps to what it showed last
  }

  async function load(after = "") {
    if (!hidden() || !within) within = box();
    const question = `bbox=${within}&z=${Math.round(live.map.getZoom())}&r=${live.stamp.reports}${live.asked()}`;
    if (!after && question === shown) return;
    if (asked) asked.abort();
    const mine = (asked = new AbortController());
    side.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`/live/list.json?${question}${after ? `&after=${encodeURIComponent(after)}` : ""}`, { signal: mine.signal });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const found = await answer.json();
      show(found, Boolean(after));
      shown = question;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      shown = "";
      trouble.textContent = say("failed");
      trouble.hidden = false;
    }
    if (asked === mine) {
      asked = null;
      side.removeAttribute("aria-busy");
    }
  }

  function show(found, added) {
    const lines = found.lines.map(item);
    if (added) list.append(...lines); else list.replaceChildren(...lines);
    count.textContent = say(found.total === 1 ? "count_one" : "count", { n: found.total.toLocaleString() });
    none.textContent = say("none");
    none.hidden = found.total > 0;
    trouble.hidden = true;
    older = found.older;
    more.hidden = !older;
    if (added && lines.length) lines[0].querySelector("a").focus();
    document.getElementById("pm-subscribe").href = `/track/subscribe?bbox=${within}`;
    board.dataset.listed = String(found.total);
  }

  function item(report) {
    const node = line.content.firstElementChild.cloneNode(true);
    const parts = (name) => node.querySelectorAll(`[data-f=${name}]`);
    const put = (name, text) => parts(name).forEach((part) => { part.textContent = text; });
    Object.assign(node.dataset, { id: report.id, lon: report.lon, lat: report.lat });
    for (const name of ["status_name", "letter", "category_name", "id", "area", "body"]) put(name, report[name]);
    put("state", report.state_name);
    put("shape", SHAPES[report.state] || "");
    for (const chip of parts("chip")) chip.className = `pm-chip pm-${report.state}`;
    put("received", parts("received")[0].textContent.replace("{date}", report.date));
    parts("open")[0].href = `/map/r/${encodeURIComponent(report.id)}`;
    parts("on_map")[0].href = `/map/?report=${encodeURIComponent(report.id)}`;
    parts("on_map")[0].hidden = report.lon === null;
    parts("body")[0].hidden = !report.body;
    parts("place")[0].hidden = report.accuracy_m === 0;
    put("place", report.lon === null ? say("only_area") : say("about", { metres: Math.round(report.accuracy_m * 2) }));
    parts("photo")[0].hidden = !report.photo;
    if (report.photo) parts("photo")[0].src = report.photo;
    return node;
  }

  // Opens the card on the map that is already there.
  list.addEventListener("click", (event) => {
    const link = event.target.closest(".pm-on-map");
    if (!link || !live || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { id, lon, lat } = link.closest(".pm-line").dataset;
    setView("both");
    document.getElementById("pm-map").scrollIntoView({ block: "nearest" });
    live.openCard([Number(lat), Number(lon)], live.reportPopup(id));
  });

  more.addEventListener("click", () => older && load(older));

  /* ---- a phone shows the map with its list, or the list alone ---- */

  function setView(name) {
    board.dataset.view = name;
    for (const button of document.querySelectorAll(".pm-switch button")) button.setAttribute("aria-pressed", String(button.dataset.show === name));
  }

  for (const button of document.querySelectorAll(".pm-switch button")) button.addEventListener("click", () => setView(button.dataset.show));

  /* ---- start ---- */

  form.addEventListener("change", (event) => event.target.name !== "q" && live && filtered());
  form.addEventListener("submit", (event) => {
    if (!live) return; // the address does it
    event.preventDefault();
    filtered();
  });
  document.getElementById("pm-clear").addEventListener("click", (event) => {
    if (!live) return;
    event.preventDefault();
    for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = false;
    form.elements.period.value = form.elements.q.value = "";
    filtered();
  });
  window.addEventListener("popstate", () => {
    if (!live) return;
    fillForm();
    toMap(live);
    showChoice();
    const seen = view();
    if (seen) live.map.setView([seen.lat, seen.lon], seen.zoom, { animate: false });
    live.refresh();
    load();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest('a[href^="?lang="]');
    if (!link || !live) return;
    const lang = new URLSearchParams(link.getAttribute("href")).get("lang");
    const wanted = new URLSearchParams(address(true).replace(/^[^?]*\??/, ""));
    wanted.set("lang", lang);
    link.href = `?${wanted}`;
  });

  fillForm();
  const seen = view();
  const [lon, lat] = seen ? [seen.lon, seen.lat] : told.center;
  const map = L.map("pm-map", { center: [lat, lon], zoom: seen ? seen.zoom : 13, zoomControl: false, zoomSnap: 0.5, maxZoom: 20 });
  L.control.scale({ imperial: false }).addTo(map);
  window.gisapp.parts.push((opened) => {
    live = opened;
    let timer;
    map.on("moveend", () => {
      if (hidden()) return;
      clearTimeout(timer);
      timer = setTimeout(() => {
        history.replaceState(null, "", address(true));
        load();
      }, WAIT_MS);
    });
    map.on("news", () => load());
    showChoice();
    load();
  });
  window.gisapp.start(map, {
    config: "/live/config.json", reports: true, panel: true, filtersOutside: true, ownBaseOnly: true, refreshMs: REFRESH_MS,
    focus: told.focus, view: seen && !told.focus, words: told.words,
  }, {});
  toMap(window.gisapp.map); // its first question goes out when it knows the town
})();
