/* The order of the questions: one on a screen. */
import * as category from "./step_category.js";
import * as check from "./step_check.js";
import * as contact from "./step_contact.js";
import * as left from "./step_left.js";
import * as paint from "./step_paint.js";
import * as photos from "./step_photos.js";
import * as place from "./step_place.js";
import * as questions from "./step_questions.js";
import * as sent from "./step_sent.js";
import * as similar from "./step_similar.js";
import * as words from "./step_words.js";
import { startWalk } from "./walk.js";

const SCREENS = { photos, place, category, questions, words, contact, similar, check, paint, left, sent };
const COUNTED = ["photos", "place", "category", "questions", "check"];

export const startSteps = (plain, left_draft) => startWalk(plain, left_draft, SCREENS, COUNTED);
