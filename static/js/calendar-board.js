// Who is here: up to date by itself, with names that can be hidden.

import { keepUpToDate } from "./calendar-live.js";
import "./calendar-names.js";

keepUpToDate(document.getElementById("flow"));
