/* Reports that were sent from this phone or still wait: the receipt, and a line for each report and each photo. */
import { announce, button, element, rename } from "./dom.js";
import { begin } from "./draft.js";
import { nowSending, onProgress, sendAll } from "./sending.js";
import { forgetReport, noteProgress, reportOf, reports, reviseReport } from "./store.js";
import { say, spoken, tell } from "./words.js";
import { lastingStorage } from "./background.js";
import { go, instead } from "./walk.js";

const GONE = { waiting: "state.waiting", accepted: "state.photos_waiting", complete: "state.accepted", partial: "state.partial", stopped: "state.stopped" };
const TAGS = { waiting: "dr-tag-wait", accepted: "dr-tag-wait", complete: "dr-tag-good", partial: "dr-tag-bad", stopped: "dr-tag-bad" };
const PHOTO_WORDS = { waiting: "state.waiting", arrived: "state.accepted", refused: "state.photo_refused", failed: "state.photo_failed", lost: "state.photo_lost" };
const PHOTO_TAGS = { waiting: "dr-tag-wait", arrived: "dr-tag-good", refused: "dr-tag-bad", failed: "dr-tag-bad", lost: "dr-tag-bad" };

export async function render(box, { uuid = "" }) {
  const heading = element("h1", {});
  const rows = element("div", {});
  box.append(heading, rows);
  let said = "";
  const fill = async () => {
    const known = uuid ? [await reportOf(uuid)].filter(Boolean) : await reports();
    const one = uuid && known[0];
    const title = one ? (one.number ? "sent.received" : one.state === "stopped" ? "state.stopped" : "sent.on_its_way") : "sent.title";
    if (heading.dataset.words !== title) {
      heading.replaceChildren(tell(title));
      heading.dataset.words = title;
    }
    rows.replaceChildren(...(one ? receipt(one, box) : await list(known, box)));
    const now = one ? `${say(title)} ${stateWords(one)}` : "";
    if (said && now && said !== now) announce(now);
    said = now;
  };
  await fill();
  let turn = Promise.resolve();
  return onProgress(() => { turn = turn.then(fill, fill); });
}

function receipt(report, box) {
  return [
    ...(report.number ? numbers(report) : []),
    report.number ? "" : element("p", { class: "dr-notice" }, tell(navigator.onLine ? "sent.waiting_text" : "offline.will_send")),
    ...progress(report, box),
    report.number ? element("p", {}, report.next || tell("sent.next")) : "",
    element("div", { class: "dr-buttons" }, button(tell("sent.another"), () => { begin(); go("photos"); }, "dr-quiet"), button(tell("sent.all"), () => go("sent"), "dr-quiet")),
  ];
}

function numbers(report) {
  const copied = button(tell("sent.copy"), async () => {
    try {
      await navigator.clipboard.writeText(report.code);
      announce(say("sent.copied"));
      rename(copied, tell("sent.copied"));
    } catch {
      announce(say("sent.not_copied"));
      rename(copied, tell("sent.not_copied"));
    }
  }, "dr-quiet dr-small");
  return [
    element("dl", { class: "dr-card" },
      element("dt", {}, tell("sent.number")), element("dd", { class: "dr-number", "data-receipt": "number" }, report.number),
      element("dt", {}, tell("sent.code")), element("dd", { class: "dr-number", "data-receipt": "code" }, report.code)),
    element("div", { class: "dr-buttons" }, copied),
    followCode(report),
    element("p", { class: "dr-notice dr-warn" }, tell("sent.keep")),
    element("p", {}, element("a", { class: "dr-link", href: report.track || "/track/" }, tell("sent.follow"))),
  ];
}

/** The address to follow the report at, for another phone to read; drawn here, so that no answer waits for it. */
function followCode(report) {
  const picture = element("canvas", { class: "dr-qr", role: "img", "aria-label": say("sent.qr"), hidden: true });
  import("/assets/lean-qr/lean-qr.js").then(({ correction, generate }) => {
    const code = generate(new URL(report.track, location.origin).href, { minCorrectionLevel: correction.M });
    code.toCanvas(picture, { off: [255, 255, 255] });
    picture.hidden = false;
  }).catch(() => {}); // number and code stand above it as text
  return picture;
}

function stateWords(report) {
  const now = nowSending(report.uuid);
  if (now !== undefined && ["waiting", "accepted"].includes(report.state)) return say("state.sending");
  return say(GONE[report.state] || "state.waiting");
}

/** A line for the report and one for each of its photos, and what can be done. */
function progress(report, box) {
  const now = nowSending(report.uuid);
  const line = (name, words, tag, message) => element("li", {}, element("span", {}, name, " "), element("span", { class: `dr-tag ${tag}` }, words), message ? element("p", { class: "dr-fault" }, message) : "");
  const words = report.number ? say("state.accepted") : stateWords(report);
  const photos = report.photos.map((photo, i) => {
    const sending = now === photo.sha256 && photo.state === "waiting";
    return line(say("photos.nth", { n: i + 1 }), say(sending ? "state.sending" : PHOTO_WORDS[photo.state]), sending ? "dr-tag-wait" : PHOTO_TAGS[photo.state], photo.message);
  });
  const arrived = report.photos.filter((photo) => ["arrived", "refused"].includes(photo.state)).length;
  return [
    element("ul", { class: "dr-list", "data-uuid": report.uuid }, line(say("sent.words"), words, report.number ? "dr-tag-good" : TAGS[report.state], report.message), photos),
    report.photos.length ? element("p", {}, tell(report.state === "complete" ? "sent.complete" : "sent.photos_of", { n: arrived, of: report.photos.length })) : "",
    actions(report, box),
  ];
}

function actions(report, box) {
  const again = button(tell("sent.again"), async () => {
    for (const photo of report.photos) if (photo.state === "failed") photo.state = "waiting";
    await noteProgress({ ...report, state: report.number ? "accepted" : "waiting", next_try: 0, message: "" });
    sendAll({ at_once: true });
  }, "dr-quiet dr-small");
  const revise = button(tell("sent.revise"), async () => {
    const draft = { ...report.draft, uuid: crypto.randomUUID(), step: report.fields?.place || report.candidates?.length ? "place" : "check" };
    await reviseReport(report, draft);
    begin(draft);
    await instead(draft.step, { edit: true, stopped: report.message, candidates: report.candidates || [] });
  }, "dr-small");
  const may = [report.state === "stopped" ? revise : "", ["waiting", "accepted", "stopped", "partial"].includes(report.state) ? again : ""].filter(Boolean);
  return may.length ? element("div", { class: "dr-buttons" }, may) : "";
}

async function list(known, box) {
  if (!known.length) return [element("p", {}, tell("sent.nothing")), element("div", { class: "dr-buttons" }, button(tell("sent.another"), () => go("photos")))];
  const lasting = await lastingStorage(false);
  return [
    element("p", { class: "dr-hint" }, tell(lasting ? "sent.kept_here" : "storage.may_go")),
    ...known.map((report) => element("article", { class: "dr-card", "aria-label": report.number || report.category_name },
      element("h2", {}, spoken(report.category_name)),
      element("p", { class: "dr-hint" }, new Date(report.made_at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" })),
      report.number ? element("p", {}, tell("sent.number"), "：", element("b", {}, report.number), element("br"), tell("sent.code"), "：", element("span", { class: "dr-number" }, report.code)) : "",
      ...progress(report, box),
      removal(report, box))),
    element("div", { class: "dr-buttons" }, button(tell("sent.another"), () => go("photos"))),
  ];
}

function removal(report) {
  const sure = element("details", {}, element("summary", {}, tell("sent.remove")),
    element("p", {}, tell(report.number ? "sent.remove_text" : "sent.remove_unsent")),
    button(tell("sent.remove_now"), async () => {
      await forgetReport(report);
      announce(say("sent.removed"));
      await instead("sent");
    }, "dr-danger dr-small"));
  return sure;
}

