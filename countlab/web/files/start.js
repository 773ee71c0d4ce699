// Start of the page: reads what the server says of itself, then starts the head and the tabs.

import { setLanguage } from "./language.js";
import { openTabs } from "./tabs.js";
import * as head from "./head.js";
import * as count from "./count.js";
import * as many from "./many.js";
import * as history from "./history.js";
import * as health from "./health.js";

const properties = JSON.parse(document.getElementById("properties").textContent);
setLanguage(properties.language);
openTabs(document.querySelector("[role=tablist]"));
for (const [name, part] of Object.entries({ head, count, many, history, health })) {
  part.start(document.getElementById(name), properties);
}
