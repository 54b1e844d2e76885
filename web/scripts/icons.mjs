// The icon, drawn here: a pulse on a round-cornered square, as SVG and as PNG.

import { deflateSync } from "node:zlib";

const GROUND = [31, 95, 191];
const LINE = [255, 255, 255];
// In a square of one by one.
const PULSE = [
  [0.16, 0.54],
  [0.35, 0.54],
  [0.44, 0.3],
  [0.57, 0.74],
  [0.66, 0.54],
  [0.84, 0.54],
];
const HALF_WIDTH = 0.036;
const RADIUS = 0.22;

export function iconSvg() {
  const points = PULSE.map(([x, y]) => `${(x * 64).toFixed(1)},${(y * 64).toFixed(1)}`).join(" ");
  const color = (rgb) => `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="${RADIUS * 64}" fill="${color(GROUND)}"/><polyline points="${points}" fill="none" stroke="${color(LINE)}" stroke-width="${HALF_WIDTH * 128}" stroke-linecap="round" stroke-linejoin="round"/></svg>\n`;
}

/** Returns a PNG of the icon. A maskable one fills the square, since the system cuts its corners. */
export function iconPng(size, maskable = false) {
  const scale = maskable ? 0.8 : 1;
  const rows = Buffer.alloc(size * (size * 4 + 1));
  let place = 0;
  for (let y = 0; y < size; y++) {
    rows[place++] = 0;
    for (let x = 0; x < size; x++) {
      const at = [(x + 0.5) / size, (y + 0.5) / size];
      const inner = at.map((part) => (part - 0.5) / scale + 0.5);
      const ink = coverage(distanceToPulse(inner) - HALF_WIDTH, size * scale);
      for (let part = 0; part < 3; part++) rows[place++] = Math.round(GROUND[part] * (1 - ink) + LINE[part] * ink);
      rows[place++] = maskable ? 255 : Math.round(255 * coverage(distanceToSquare(at), size));
    }
  }
  return png(size, rows);
}

const coverage = (distance, size) => Math.min(1, Math.max(0, 0.5 - distance * size));

function distanceToSquare([x, y]) {
  const [dx, dy] = [Math.abs(x - 0.5) - 0.5 + RADIUS, Math.abs(y - 0.5) - 0.5 + RADIUS];
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - RADIUS;
}

function distanceToPulse([x, y]) {
  let nearest = 1;
  for (let index = 1; index < PULSE.length; index++) {
    const [[ax, ay], [bx, by]] = [PULSE[index - 1], PULSE[index]];
    const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
    const share = Math.min(1, Math.max(0, along));
    nearest = Math.min(nearest, Math.hypot(x - ax - share * (bx - ax), y - ay - share * (by - ay)));
  }
  return nearest;
}

function png(size, rows) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
