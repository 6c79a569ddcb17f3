/**
 * Seals of frames, for where a program of the sandbox can open what carries them (server/agent/src/seal.c). A program can
 * take frames away and add others, but then the carrier is closed, and nothing that it made up is believed.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Carrier } from './carrier.ts';
import { HEADER_BYTES, MAX_PAYLOAD_BYTES } from './frames.ts';

export const KEY_BYTES = 32;
const SEAL_BYTES = 16;
/** The first byte of what is sealed, by the side that sends it. */
const sides = { daemon: 0, agent: 1 } as const;

/** Carries frames with their seals. Each write has whole frames. The key goes before the first one. */
export function sealedCarrier(carrier: Carrier): Carrier {
  const key = randomBytes(KEY_BYTES);
  const end = new SealedEnd(key, 'daemon');
  return {
    ...carrier,
    write: (frames, payload) => carrier.write(end.seal(payload ? Buffer.concat([frames, payload]) : frames)),
    listen: (take) => {
      void carrier.write(key);
      carrier.listen((bytes) => {
        if (!end.open(bytes, take)) carrier.destroy();
      });
    },
  };
}

/** One of the two ends. Each frame has a number in its seal, so that none can be left out, repeated or moved. */
export class SealedEnd {
  readonly #key: Buffer;
  readonly #own: number;
  #sent = 0n;
  #received = 0n;
  /** What has come of a frame that is not complete, and how much there must be before there is more to be seen of it. */
  #pieces: Buffer[] = [];
  #held = 0;
  #needed = HEADER_BYTES;
  #broken = false;

  constructor(key: Buffer, side: keyof typeof sides) {
    this.#key = key;
    this.#own = sides[side];
  }

  /** The frames, each followed by its seal. */
  seal(frames: Buffer): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at < frames.length; ) {
      const frame = frames.subarray(at, at + HEADER_BYTES + frames.readUInt32LE(at));
      parts.push(frame, this.#sealOf(this.#own, this.#sent++, frame));
      at += frame.length;
    }
    return Buffer.concat(parts);
  }

  /** Passes on the frames of the other side, wherever their bytes are cut. Returns false if a seal is wrong: nothing is passed on after that. */
  open(chunk: Buffer, take: (frame: Buffer) => void): boolean {
    if (this.#broken) return false;
    this.#pieces.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#needed) return true;
    let rest = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces, this.#held);
    for (this.#needed = HEADER_BYTES; rest.length >= this.#needed; ) {
      const size = rest.readUInt32LE(0);
      const end = HEADER_BYTES + size;
      if (size > MAX_PAYLOAD_BYTES) return !(this.#broken = true);
      this.#needed = end + SEAL_BYTES;
      if (rest.length < this.#needed) break;
      const frame = rest.subarray(0, end);
      const right = this.#sealOf(1 - this.#own, this.#received++, frame);
      if (!timingSafeEqual(right, rest.subarray(end, this.#needed))) return !(this.#broken = true);
      rest = rest.subarray(this.#needed);
      this.#needed = HEADER_BYTES;
      take(frame);
    }
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
    return true;
  }

  #sealOf(side: number, number: bigint, frame: Buffer): Buffer {
    const head = Buffer.alloc(9);
    head[0] = side;
    head.writeBigUInt64LE(number, 1);
    return createHmac('sha256', this.#key).update(head).update(frame).digest().subarray(0, SEAL_BYTES);
  }
}
