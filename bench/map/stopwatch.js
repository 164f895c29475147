/* Runs in a visited page, once. It looks into the map's frame until reports are on the screen, pans the map,
   and stops the watch when the second frame after the pan is drawn: the map answers.
   Times are seconds since the visit began. Before it stands: const SIGNS = {ready, pins, word}. */
if (window === window.top) {
  // part -> which files belong to it; a part ends when the last of them has arrived
  const PARTS = [
    ["component", /\/component\/.*\.js/], ["leaflet", /leaflet\.js/], ["script", /map\.js/],
    ["config", /\/live\/config/], ["layers", /\/live\/layers/], ["reports", /\/live\/reports/],
  ];

  const now = () => performance.now() / 1000;

  // Chromium runs this script for the frame's empty first document only, so the page looks in from outside.
  const framed = () => [...document.querySelectorAll("iframe")]
    .map((box) => box.contentWindow)
    .find((inner) => inner && inner.map && inner.map.panBy);

  const onScreen = (inner) => {
    const pin = inner.document.querySelector(SIGNS.ready) && inner.document.querySelector(SIGNS.pins);
    return Boolean(pin) && pin.getBoundingClientRect().width > 0;
  };

  const arrived = (inner) => {
    const later = inner.performance.timeOrigin - performance.timeOrigin;
    const found = { frame: later / 1000 };
    const files = inner.performance.getEntriesByType("resource");
    for (const [part, address] of PARTS) {
      const ends = files.filter((file) => address.test(file.name)).map((file) => (later + file.responseEnd) / 1000);
      if (ends.length) found[part] = Math.max(...ends);
    }
    return found;
  };

  const look = () => {
    const inner = framed();
    if (!inner || !onScreen(inner)) { requestAnimationFrame(look); return; }
    const parts = { ...arrived(inner), drawn: now() };
    inner.map.panBy([60, 0], { animate: false });
    requestAnimationFrame(() => requestAnimationFrame(() => {
      if (!onScreen(inner)) { requestAnimationFrame(look); return; }
      console.log(SIGNS.word + JSON.stringify({ ...parts, usable: now() }));
    }));
  };
  requestAnimationFrame(look);
}
