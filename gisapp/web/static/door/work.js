/* A little work for the phone, done aside while the person answers: it makes flooding the town dear and one report cheap. */
const BATCH = 128;

self.addEventListener("message", async ({ data: { token, bits } }) => {
  self.postMessage({ token, work: await solved(token, bits) });
});

async function solved(token, bits) {
  const text = new TextEncoder();
  for (let start = 0; ; start += BATCH) {
    const tries = Array.from({ length: BATCH }, (_, i) => String(start + i));
    const digests = await Promise.all(tries.map((one) => crypto.subtle.digest("SHA-256", text.encode(`${token}:${one}`))));
    const found = digests.findIndex((digest) => leadingZeros(new DataView(digest)) >= bits);
    if (found >= 0) return tries[found];
  }
}

function leadingZeros(view) {
  const high = Math.clz32(view.getUint32(0));
  return high < 32 ? high : 32 + Math.clz32(view.getUint32(4));
}
