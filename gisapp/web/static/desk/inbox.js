/* 受付・対応: the list that the server writes and the live map of map.js, kept in step. Choices stand in the address;
   a new choice fetches the same page and takes its parts over. What people wrote enters the map's cards as text only. */
(() => {
  "use strict";

  const WAIT_MS = 300; // a map that is still moving asks for nothing
  const NEWS_MS = 30000;
  const NEAR_ZOOM = 17;
  const told = JSON.parse(document.getElementById("dk-told").textContent);
  const at = (id) => document.getElementById(id);
  const [inbox, side, within] = ["dk-inbox", "dk-side", "dk-within"].map(at);
  let asked = null; // the request under way
  let here = ""; // the number of the line that the keys are at
  let live = null;
  let halo = null;
  let sent = false; // what was picked is done with
  let waiting = null; // the line that the map is to show first

  document.documentElement.classList.add("dk-js");

  function say(key, values = {}) {
    return (told.words[key] || key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  function element(tag, attributes = {}, ...children) {
    const node = Object.assign(document.createElement(tag), attributes);
    node.append(...children.filter((child) => child != null));
    return node;
  }

  const query = () => at("dk-results").dataset.query;
  const lines = () => [...inbox.querySelectorAll(".dk-line")];
  const lineOf = (id) => lines().find((line) => line.dataset.id === id);
  const boxOf = (line) => line.querySelector(".dk-pick input");
  const picked = () => lines().filter((line) => boxOf(line)?.checked); // who may only read has no boxes

  /* ---- choices: the address, and the page behind it ---- */

  function formQuery() {
    const given = [...new FormData(at("dk-filters"))].filter(([name, value]) => value.trim() && !(name === "of" && value === "all") && !(name === "order" && value === "newest"));
    return new URLSearchParams(given.length ? given : [["state", "any"]]).toString();
  }

  // way: how the address takes its place in the browser's history, "" for not at all.
  async function load(address, { way = "pushState", form = false } = {}) {
    if (asked) asked.abort();
    const mine = (asked = new AbortController());
    side.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal: mine.signal });
      if (answer.redirected) return location.assign(address); // the session has ended: the way in
      if (!answer.ok) throw new Error(`${answer.status}`);
      take(new DOMParser().parseFromString(await answer.text(), "text/html"), form);
      if (way) history[way](null, "", address);
      at("dk-trouble").hidden = at("dk-news").hidden = true;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      at("dk-trouble").textContent = say("failed");
      at("dk-trouble").hidden = false;
    }
    if (asked === mine) {
      asked = null;
      side.removeAttribute("aria-busy");
    }
  }

  function take(page, form) {
    const open = [...inbox.querySelectorAll("details[open]")].map((one) => one.querySelector("summary").textContent);
    const parts = ["dk-tabs", "dk-chosen", "dk-views", "dk-results", ...(form ? ["dk-filters"] : [])];
    for (const id of parts) at(id).replaceWith(document.importNode(page.getElementById(id), true));
    for (const one of inbox.querySelectorAll("details")) if (open.includes(one.querySelector("summary").textContent)) one.open = true;
    if (at("dk-result")) at("dk-result").remove(); // it told of what was done before
    within.checked = Boolean(at("dk-box").value);
    here = "";
    showPicked();
    if (live) live.refresh();
  }

  document.addEventListener("change", (event) => {
    if (event.target.closest("#dk-filters") && event.target.name !== "q") load(`/desk/?${formQuery()}`);
    if (event.target.id === "dk-every") for (const line of lines()) boxOf(line).checked = event.target.checked;
    if (event.target.id === "dk-within") restrict();
    if (event.target.closest("#dk-results")) showPicked();
  });

  document.addEventListener("submit", (event) => {
    if (event.target.id === "dk-filters") {
      event.preventDefault();
      load(`/desk/?${formQuery()}`);
    }
    if (event.target.id === "dk-bulk") sent = true;
  });

  inbox.addEventListener("click", (event) => {
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey);
    const link = event.target.closest("a[href^='/desk/?']");
    if (link && plain) {
      event.preventDefault();
      load(link.getAttribute("href"), { form: true }).then(() => at("dk-count").scrollIntoView({ block: "nearest" }));
    }
    const quick = event.target.closest("[data-quick]");
    if (quick && plain) {
      event.preventDefault();
      const line = quick.closest(".dk-line");
      if (quick.dataset.quick === "map") showOnMap(line); else decide(line);
    }
  });

  window.addEventListener("popstate", () => load(location.href, { way: "", form: true }));

  /* ---- what is picked ---- */

  function showPicked() {
    const n = picked().length;
    const bar = at("dk-bulk-bar");
    if (!bar) return;
    bar.classList.toggle("dk-some", n > 0);
    at("dk-picked").textContent = n ? say("picked", { n }) : say("hint");
    at("dk-every").checked = n > 0 && n === lines().length;
  }

  // A line that is not among the picked ones is meant alone.
  function decide(line) {
    const way = at("dk-act-assign");
    if (!way) return;
    if (line && !boxOf(line).checked) for (const one of lines()) boxOf(one).checked = one === line;
    showPicked();
    if (!picked().length) return;
    way.open = true;
    at("dk-department").focus();
  }

  /* ---- the line one is at, here and on the map ---- */

  function goTo(line, { focus = true } = {}) {
    if (!line) return;
    here = line.dataset.id;
    for (const one of lines()) one.classList.toggle("dk-here", one === line);
    if (focus) line.querySelector(".dk-open").focus({ preventScroll: true });
    line.scrollIntoView({ block: "nearest" });
    mark(line);
  }

  function step(by) {
    const all = lines();
    const now = all.findIndex((line) => line.dataset.id === here);
    goTo(all[now < 0 ? 0 : Math.min(Math.max(now + by, 0), all.length - 1)]);
  }

  function mark(line) {
    if (!live || !line) return;
    const place = [Number(line.dataset.lat), Number(line.dataset.lon)];
    if (!halo) halo = L.marker(place, { pane: "gm-report", interactive: false, keyboard: false, zIndexOffset: -1000, icon: L.divIcon({ className: "dk-halo", iconSize: [48, 48] }) });
    halo.setLatLng(place).addTo(live.map);
    halo.getElement().setAttribute("aria-hidden", "true");
  }

  for (const kind of ["mouseover", "focusin"]) {
    inbox.addEventListener(kind, (event) => {
      const line = event.target.closest(".dk-line");
      if (!line) return;
      mark(line);
      if (kind === "focusin" && live && live.map.getSize().x) live.map.panInside([Number(line.dataset.lat), Number(line.dataset.lon)], { padding: [70, 70] });
    });
  }

  function showOnMap(line) {
    if (!line) return;
    setView("map");
    if (!live) { waiting = line; return; } // the map has just been started
    live.map.invalidateSize({ animate: false });
    const place = [Number(line.dataset.lat), Number(line.dataset.lon)];
    live.map.setView(place, Math.max(live.map.getZoom(), NEAR_ZOOM), { animate: false });
    mark(line);
    live.openCard(place, card(line.dataset.id));
  }

  /* ---- the map's cards ---- */

  function card(id) {
    const box = element("article", { className: "gm-popup dk-card" });
    fetch(`/desk/list.json?number=${encodeURIComponent(id)}`)
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`${answer.status}`))))
      .then(({ lines: [report] }) => fillCard(box, report))
      .catch(() => box.replaceChildren(element("p", {}, say("failed"))))
      .finally(() => live.card && live.card.update());
    return box;
  }

  function fillCard(box, report) {
    const line = lineOf(report.id);
    if (line) goTo(line, { focus: false });
    const [open, back] = [element("a", { className: "gm-also", href: `/desk/r/${encodeURIComponent(report.id)}` }, say("open")), element("button", { className: "gm-button", type: "button" }, say("to_line"))];
    back.addEventListener("click", () => { setView("list"); goTo(lineOf(report.id)); });
    box.replaceChildren(
      element("p", { className: "gm-kind" }, element("span", { className: `gm-chip gm-state-${report.state}` }, report.status_name), report.late_words),
      element("h3", {}, `${report.category_name}　${report.id}`),
      element("p", {}, report.body),
      element("p", {}, `${report.department}　${report.assignee}　${report.area}`),
      open, ...(line ? [back] : []),
    );
  }

  /* ---- map ---- */

  function setView(name) {
    inbox.dataset.view = name;
    for (const button of document.querySelectorAll(".dk-switch button")) button.setAttribute("aria-pressed", String(button.dataset.show === name));
    if (!startMap() && live) live.map.invalidateSize({ animate: false });
  }

  for (const button of document.querySelectorAll(".dk-switch button")) button.addEventListener("click", () => setView(button.dataset.show));

  function restrict(way) {
    const seen = live && live.map.getSize().x ? live.map.getBounds() : null;
    const sides = seen ? [seen.getWest(), seen.getSouth(), seen.getEast(), seen.getNorth()] : [];
    at("dk-box").value = within.checked ? sides.map((one) => one.toFixed(5)).join(",") : "";
    load(`/desk/?${formQuery()}`, { way });
  }

  // Once, and only where it is seen: a telephone that shows the list fetches no map.
  function startMap() {
    if (window.gisapp.map || !at("dk-map").offsetParent) return false;
    const [lon, lat] = told.center;
    const map = L.map("dk-map", { center: [lat, lon], zoom: 13, zoomControl: false, zoomSnap: 0.5, maxZoom: 20 });
    L.control.scale({ imperial: false }).addTo(map);
    window.gisapp.parts.push((opened) => {
      live = opened;
      let timer;
      map.on("moveend", () => {
        clearTimeout(timer);
        if (within.checked && map.getSize().x) timer = setTimeout(() => restrict("replaceState"), WAIT_MS);
      });
      if (waiting) setTimeout(() => showOnMap(waiting), 0);
    });
    const view = told.box && { lon: (told.box[0] + told.box[2]) / 2, lat: (told.box[1] + told.box[3]) / 2 };
    window.gisapp.start(map, {
      config: "/live/config.json", reports: true, reportsFrom: "/desk/map.json", panel: true, filtersOutside: true, ownBaseOnly: true, layersOff: true, roomy: true,
      refreshMs: NEWS_MS, focus: told.focus, view: view && !told.focus, words: told.words,
    }, {});
    if (told.box && !told.focus) map.fitBounds([[told.box[1], told.box[0]], [told.box[3], told.box[2]]], { animate: false });
    const drawn = window.gisapp.map;
    drawn.asked = () => `&${query()}`;
    drawn.reportPopup = card;
    const pinOf = drawn.reportPin.bind(drawn);
    drawn.reportPin = (place, properties) => {
      const pin = pinOf(place, properties);
      if (properties.late) pin.options.icon.options.html.classList.add("dk-late-pin");
      if (properties.late) pin.options.alt = say("late_alt", { text: pin.options.alt });
      return pin;
    };
    return true;
  }

  /* ---- news, and coming back ---- */

  async function lookForNews() {
    if (document.hidden) return;
    const answer = await fetch(`/desk/news.json?${query()}&at=${encodeURIComponent(at("dk-results").dataset.at)}`).catch(() => null);
    if (!answer || !answer.ok) return;
    const found = await answer.json();
    if (!found.new) return;
    const show = element("button", { className: "dr-button dr-small", type: "button" }, say("show_news"));
    show.addEventListener("click", () => load(`/desk/?${query()}`));
    at("dk-news").replaceChildren(say(found.exact ? "news" : "news_least", { n: found.new }), " ", show);
    at("dk-news").hidden = false;
  }

  const keptAs = () => `dk ${told.user} ${query()} ${at("dk-results").dataset.after}`;

  window.addEventListener("pageshow", (event) => event.persisted && location.reload()); // as it is now, with a key of its own
  window.addEventListener("pagehide", () => {
    const ids = sent ? [] : picked().map((line) => line.dataset.id);
    sessionStorage.setItem(keptAs(), JSON.stringify({ ids, here, y: scrollY }));
  });

  function comeBack() {
    const kept = JSON.parse(sessionStorage.getItem(keptAs()) || "null");
    if (!kept || at("dk-result")) return;
    for (const line of lines()) if (boxOf(line)) boxOf(line).checked = kept.ids.includes(line.dataset.id);
    const [entry] = performance.getEntriesByType("navigation");
    if (entry && entry.type === "back_forward") scrollTo(0, kept.y);
    here = kept.here;
    if (lineOf(here)) lineOf(here).classList.add("dk-here");
  }

  /* ---- start ---- */

  const tab = (name) => () => { const link = inbox.querySelector(`[data-tab="${name}"]`); if (link) link.click(); };
  const current = () => lineOf(here);
  window.gisappKeys({
    j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1),
    x: () => current() && boxOf(current())?.click(),
    a: () => decide(picked().length ? null : current()),
    m: () => showOnMap(current()),
    "/": () => at("dk-text").focus(),
    "g i": () => { location.href = "/desk/"; }, "g m": tab("mine"), "g d": tab("department"), "g a": tab("all"),
  });
  comeBack();
  showPicked();
  const address = new URL(location.href);
  if (address.searchParams.has("done")) {
    address.searchParams.delete("done");
    history.replaceState(null, "", address);
  }
  startMap();
  window.addEventListener("resize", startMap);
  setInterval(lookForNews, NEWS_MS);
  document.addEventListener("visibilitychange", lookForNews);
})();
