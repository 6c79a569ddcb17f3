/** Draws media/icon.png: an open box with a play symbol on it. */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';

const SIZE = 256;
/** How many samples are taken in each direction for one pixel, to smooth the edges. */
const FINE = 4;

/** The shapes from the back to the front, in units of the icon's width. */
const shapes = [
  { color: [22, 32, 43], inside: rounded(0.18) },
  { color: [214, 158, 84], inside: polygon([0.5, 0.16], [0.84, 0.33], [0.5, 0.5], [0.16, 0.33]) },
  { color: [122, 84, 40], inside: polygon([0.5, 0.215], [0.745, 0.335], [0.5, 0.455], [0.255, 0.335]) },
  { color: [233, 196, 134], inside: polygon([0.5, 0.295], [0.665, 0.375], [0.5, 0.455], [0.335, 0.375]) },
  { color: [190, 132, 62], inside: polygon([0.16, 0.33], [0.5, 0.5], [0.5, 0.86], [0.16, 0.69]) },
  { color: [226, 172, 98], inside: polygon([0.84, 0.33], [0.5, 0.5], [0.5, 0.86], [0.84, 0.69]) },
  { color: [255, 255, 255], inside: polygon([0.605, 0.545], [0.605, 0.72], [0.745, 0.565]) },
];

function polygon(...points) {
  return (x, y) => {
    let odd = false;
    points.forEach(([ax, ay], index) => {
      const [bx, by] = points[(index + 1) % points.length];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
    });
    return odd;
  };
}

function rounded(radius) {
  const beyond = (value) => Math.max(0, radius - value, value - 1 + radius);
  return (x, y) => Math.hypot(beyond(x), beyond(y)) <= radius;
}

function pixel(column, row) {
  const sum = [0, 0, 0, 0];
  for (let sample = 0; sample < FINE * FINE; sample += 1) {
    const x = (column + ((sample % FINE) + 0.5) / FINE) / SIZE;
    const y = (row + (Math.floor(sample / FINE) + 0.5) / FINE) / SIZE;
    const top = shapes.findLast(({ inside }) => inside(x, y));
    if (top) [...top.color, 255].forEach((value, index) => (sum[index] += value));
  }
  const covered = sum[3] / 255 || 1;
  return [sum[0] / covered, sum[1] / covered, sum[2] / covered, sum[3] / FINE / FINE].map(Math.round);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8 + body.length);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), 4 + body.length);
  return frame;
}

const header = Buffer.alloc(13);
header.writeUInt32BE(SIZE, 0);
header.writeUInt32BE(SIZE, 4);
header.set([8, 6, 0, 0, 0], 8);
const rows = Array.from({ length: SIZE }, (_, row) => [0, ...Array.from({ length: SIZE }, (__, column) => pixel(column, row)).flat()]);
const image = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  chunk('IHDR', header),
  chunk('IDAT', deflateSync(Buffer.from(rows.flat()), { level: 9 })),
  chunk('IEND', Buffer.alloc(0)),
]);
await writeFile(fileURLToPath(new URL('../media/icon.png', import.meta.url)), image);
