// ZIP writer without compression: pictures are compressed already.
//
// Each file is read once for its checksum and then handed on as it is, so that hundreds of
// pictures are never in memory together.

const TEXT = new TextEncoder();
const UTF8_NAMES_FLAG = 0x0800;

export async function toZip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, blob] of withUniqueNames(files)) {
    const path = TEXT.encode(name);
    const common = header([
      [2, 20], [2, UTF8_NAMES_FLAG], [2, 0], [2, 0], [2, 0x21], // stored; dated 1980-01-01
      [4, await checksum(blob)], [4, blob.size], [4, blob.size], [2, path.length], [2, 0],
    ]);
    const local = [header([[4, 0x04034b50]]), common, path];
    const place = header([[2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]);
    directory.push(header([[4, 0x02014b50], [2, 20]]), common, place, path);
    parts.push(...local, blob);
    offset += size(local) + blob.size;
  }
  const number = directory.length / 4;
  const end = header([
    [4, 0x06054b50], [2, 0], [2, 0], [2, number], [2, number],
    [4, size(directory)], [4, offset], [2, 0],
  ]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

function withUniqueNames(files) {
  const used = new Set();
  return files.map(([name, blob]) => {
    let unique = name;
    for (let i = 2; used.has(unique); i++) unique = name.replace(/(\.[^.]*)?$/, `_${i}$1`);
    used.add(unique);
    return [unique, blob];
  });
}

function header(fields) {
  const bytes = new DataView(new ArrayBuffer(size(fields.map(([length]) => ({ length })))));
  let at = 0;
  for (const [length, value] of fields) {
    if (length === 2) bytes.setUint16(at, value, true);
    else bytes.setUint32(at, value, true);
    at += length;
  }
  return new Uint8Array(bytes.buffer);
}

const size = (pieces) => pieces.reduce((sum, { length }) => sum + length, 0);

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

async function checksum(blob) {
  let crc = ~0;
  for (const byte of new Uint8Array(await blob.arrayBuffer())) crc = (crc >>> 8) ^ CRC[(crc ^ byte) & 255];
  return ~crc >>> 0;
}
