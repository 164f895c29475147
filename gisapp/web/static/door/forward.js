/* Where the form goes after the questions: past reports of the same thing, if there are any, to the check. */
import { draft } from "./draft.js";
import { similarNear } from "./step_similar.js";
import { go } from "./walk.js";

export const worthSending = () => Boolean(draft.photos.length || draft.body.trim() || Object.values(draft.answers).some(Boolean));

export async function forward() {
  if (!worthSending()) return go("words", { needed: true });
  const found = await similarNear();
  return go(found.length ? "similar" : "check", { found });
}
