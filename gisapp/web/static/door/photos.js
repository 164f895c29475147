/* A photo on the phone: where and when it was taken, upright and small enough, and the hash of exactly the bytes to be sent. */

const LONGEST_PX = 2048;
const THUMB_PX = 320;
const QUALITY = 0.86;
const MARGIN = 0.1; // a black box is this much larger on each side than it was drawn

/** Why a photo cannot be taken; key names the sentence. */
export class PhotoFault extends Error {
  constructor(key) { super(key); this.key = key; }
}

/** A chosen file as {facts, blobs}. Raises PhotoFault. */
export async function taken(file, limits) {
  const original = await readNow(file);
  if (!original.size) throw new PhotoFault("photos.empty");
  const facts = { id: crypto.randomUUID(), name: file.name || "", boxes: [], ...(await recorded(original)) }; // before anything is shrunk away
  if (await cutOff(original)) throw new PhotoFault("photos.unreadable");
  const picture = await decoded(original);
  if (!picture && !(await knownKind(original))) throw new PhotoFault("photos.not_a_photo");
  const clean = picture ? await shrunk(picture, original) : original;
  if (clean.size > limits.photo_bytes) throw new PhotoFault("photos.too_large");
  const thumb = picture ? await drawn(picture, THUMB_PX) : null;
  const size = picture ? { width: picture.width, height: picture.height } : { width: 0, height: 0 };
  picture?.close?.();
  return { facts: { ...facts, ...size, paintable: Boolean(thumb), ...(await hashed(clean)) }, blobs: { clean, sendable: clean, thumb } };
}

/** The photo with its boxes (shares of width and height) in solid black, painted into the pixels. */
export async function painted(facts, blobs, boxes) {
  if (!boxes.length) return { facts: { ...facts, boxes, ...(await hashed(blobs.clean)) }, blobs: { ...blobs, sendable: blobs.clean, thumb: await thumbOf(blobs.clean) } };
  const picture = await decoded(blobs.clean);
  if (!picture) throw new PhotoFault("photos.not_a_photo");
  const canvas = canvasOf(picture, LONGEST_PX);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#000000";
  for (const box of boxes.map(withMargin)) {
    const [left, top] = [Math.floor(box.x * canvas.width), Math.floor(box.y * canvas.height)];
    pen.fillRect(left, top, Math.ceil((box.x + box.w) * canvas.width) - left, Math.ceil((box.y + box.h) * canvas.height) - top);
  }
  const sendable = await encoded(canvas);
  return { facts: { ...facts, boxes, ...(await hashed(sendable)) }, blobs: { ...blobs, sendable, thumb: await thumbOf(sendable) } };
}

export const withMargin = (box) => ({ x: box.x - box.w * MARGIN, y: box.y - box.h * MARGIN, w: box.w * (1 + 2 * MARGIN), h: box.h * (1 + 2 * MARGIN) });

export async function hashed(blob) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  return { sha256: [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join(""), bytes: blob.size };
}

// A file of the camera may be gone when it is wanted later: its bytes are taken at once.
async function readNow(file) {
  try {
    return new Blob([await file.arrayBuffer()], { type: file.type });
  } catch {
    throw new PhotoFault("photos.unreadable");
  }
}

async function recorded(blob) {
  try {
    const { default: exifr } = await import("/assets/exifr/exifr.js");
    const found = (await exifr.parse(await blob.arrayBuffer(), { tiff: true, exif: true, gps: true, reviveValues: false })) || {};
    return { place: placeIn(found), taken_at: String(found.DateTimeOriginal || "") };
  } catch {
    return { place: null, taken_at: "" }; // a photo without a record, or with a broken one, is still a photo
  }
}

function placeIn({ longitude: lon, latitude: lat, GPSHPositioningError: accuracy }) {
  const good = Number.isFinite(lon) && Number.isFinite(lat) && Math.abs(lon) <= 180 && Math.abs(lat) <= 90 && (lon || lat);
  return good ? { lon, lat, source: "exif", accuracy_m: Number.isFinite(accuracy) && accuracy > 0 ? accuracy : null } : null;
}

/** The picture upright, or null where this browser cannot read it (HEIC in many). */
export async function decoded(blob) {
  try {
    return await createImageBitmap(blob, { imageOrientation: "from-image" });
  } catch {
    return decodedByElement(blob);
  }
}

async function decodedByElement(blob) {
  const url = URL.createObjectURL(blob);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return image.width && image.height ? image : null;
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(url);
  }
}

// Browsers draw a JPEG that was cut off half grey, without a word: it has to end after its picture has begun.
async function cutOff(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return false;
  let at = 2;
  while (bytes[at] === 0xff && bytes[at + 1] !== 0xda) at += 2 + bytes[at + 2] * 256 + bytes[at + 3];
  for (let end = bytes.length - 2; end > at; end -= 1) if (bytes[end] === 0xff && bytes[end + 1] === 0xd9) return false;
  return true;
}

const text = (bytes) => String.fromCharCode(...bytes);

async function knownKind(blob) {
  const head = new Uint8Array(await blob.slice(0, 32).arrayBuffer());
  if (text(head.slice(4, 8)) === "ftyp") return /heic|heix|hevc|hevx|heim|heis|mif1|msf1|avif|avis/.test(text(head.slice(8, 32)));
  return text(head.slice(0, 4)) === "RIFF" && text(head.slice(8, 12)) === "WEBP";
}

async function shrunk(picture, original) {
  const small = Math.max(picture.width, picture.height) <= LONGEST_PX;
  const accepted = /^image\/(jpeg|png|webp)$/.test(original.type);
  if ((small && accepted && original.size < 1024 * 1024) || !honest()) return original;
  const jpeg = await drawn(picture, LONGEST_PX);
  return jpeg.size < original.size || !accepted ? jpeg : original;
}

const drawn = (picture, longest) => encoded(canvasOf(picture, longest));

async function thumbOf(blob) {
  const picture = await decoded(blob);
  return picture && drawn(picture, THUMB_PX);
}

function canvasOf(picture, longest) {
  const share = Math.min(1, longest / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * share));
  canvas.height = Math.max(1, Math.round(picture.height * share));
  const pen = canvas.getContext("2d", { alpha: false });
  pen.fillStyle = "#ffffff"; // under what is clear in a PNG
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas;
}

const encoded = (canvas) => new Promise((resolve, reject) => {
  canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new PhotoFault("photos.no_room"))), "image/jpeg", QUALITY);
});

let trusted = null;

// Some browsers answer a canvas with noise against fingerprinting: then the photo goes as it is.
function honest() {
  if (trusted !== null) return trusted;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 8;
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#30c060";
  pen.fillRect(0, 0, 8, 8);
  const seen = pen.getImageData(0, 0, 8, 8).data;
  trusted = seen.every((value, i) => value === [0x30, 0xc0, 0x60, 255][i % 4]);
  return trusted;
}
