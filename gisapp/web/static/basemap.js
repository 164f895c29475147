/* The town's own background map: picture tiles as they are, vector tiles drawn plainly by protomaps-leaflet, which is
   fetched only where a town has such a file. */
(() => {
  "use strict";

  const LIBRARY = "/assets/protomaps-leaflet/protomaps-leaflet.js";
  const PAPER = "#f4f1e8";
  // Names of layers in the usual schemas (Protomaps, OpenMapTiles, 国土地理院ベクトルタイル), drawn from below.
  const AREAS = [
    [["earth", "land"], PAPER], [["landcover", "landuse", "park", "VegeClassL"], "#dfe8cf"],
    [["water", "WA", "waterarea"], "#bcd9f0"], [["building", "buildings", "BldA"], "#d9d2c5"],
  ];
  const LINES = [
    [["waterway", "river", "RvrCL", "WL"], "#8fb9dd", 1.5], [["transit", "railway", "RailCL"], "#8a8577", 1.5],
    [["roads", "road", "transportation", "RdCL"], "#cbbf9f", 1.6], [["boundaries", "boundary", "AdmBdry"], "#8a8577", 1],
  ];
  const NAMES = [["places", "place", "Anno", "symbol", "label"], ["name:ja", "name", "vt_text", "knj"]];

  window.gisapp.ownBase = (live) => {
    const about = live.config.basemap;
    if (!about) return;
    const credit = document.createElement("span");
    credit.textContent = about.attribution; // a file's words never become markup
    const options = { attribution: credit.innerHTML, maxZoom: 22, minNativeZoom: about.least_zoom, maxNativeZoom: about.most_zoom };
    live.bases.municipal = about.look === "raster" ? L.tileLayer(about.url, options) : drawnBase(about, options);
  };

  function drawnBase(about, options) {
    const group = L.layerGroup([], { attribution: options.attribution });
    let loading = null;
    return group.on("add", () => {
      loading = loading || library().then(() => group.addLayer(vector(about, options)));
      loading.catch(() => { loading = null; group.fire("tileerror"); });
    });
  }

  function library() {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      Object.assign(script, { src: LIBRARY, onload: resolve, onerror: () => reject(new Error(LIBRARY)) });
      document.head.append(script);
    });
  }

  function vector(about, options) {
    const { leafletLayer, PolygonSymbolizer, LineSymbolizer, CenteredTextSymbolizer } = window.protomapsL;
    const rules = (table, make) => table.flatMap(([names, ...look]) => names.map((dataLayer) => ({ dataLayer, symbolizer: make(...look) })));
    return leafletLayer({
      url: about.url, maxDataZoom: about.most_zoom, attribution: options.attribution, backgroundColor: PAPER, noWrap: true,
      paintRules: [
        ...rules(AREAS, (fill) => new PolygonSymbolizer({ fill })),
        ...rules(LINES, (color, width) => new LineSymbolizer({ color, width })),
      ],
      labelRules: NAMES[0].map((dataLayer) => ({
        dataLayer, symbolizer: new CenteredTextSymbolizer({ labelProps: NAMES[1], fill: "#1a1a1c", stroke: "#ffffff", width: 2, font: "600 14px sans-serif" }),
      })),
    });
  }
})();
