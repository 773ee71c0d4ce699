// Counted pictures with their boxes, saved as ZIP.

import { redraw } from "./api.js";
import { download } from "./page.js";
import { withRetries } from "./queue.js";
import { toZip } from "./zip.js";

const MAX_ZIP_BYTES = 1_000_000_000; // more comes in several files

// The server draws the boxes, in the format of each picture. Drawn pictures are handed to the
// browser as they come; it keeps large ones on disk.
export async function saveDrawn(items, isOver, onProgress) {
  let files = [];
  let bytes = 0;
  let saved = 0;
  const save = async (isLast) => {
    saved++;
    download(await toZip(files), isLast && saved === 1 ? "counted.zip" : `counted_${saved}.zip`);
    files = [];
    bytes = 0;
  };
  for (const [i, { file, name, result }] of items.entries()) {
    onProgress({ done: i + 1, all: items.length });
    const drawn = await withRetries(() => redraw(file, result), isOver, () => {});
    if (isOver()) return;
    if (bytes + drawn.size > MAX_ZIP_BYTES) await save(false);
    files.push([name, drawn]);
    bytes += drawn.size;
  }
  await save(true);
}
