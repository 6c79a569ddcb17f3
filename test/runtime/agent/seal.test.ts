/** Seals of frames: what a program adds, takes away, repeats, moves or changes on the way is never believed. */
import { expect } from 'chai';
import fc from 'fast-check';
import { deferred } from '../../../server/src/base/promises.ts';
import type { Carrier } from '../../../server/src/runtime/agent/carrier.ts';
import { frame, HEADER_BYTES, Type } from '../../../server/src/runtime/agent/frames.ts';
import { KEY_BYTES, SealedEnd, sealedCarrier } from '../../../server/src/runtime/agent/seal.ts';

class Wire implements Carrier {
  readonly #done = deferred();
  readonly closed = this.#done.promise;
  readonly written: Buffer[] = [];
  destroyed = false;
  say: (bytes: Buffer) => void = () => undefined;

  write(bytes: Buffer): Promise<void> {
    this.written.push(bytes);
    return Promise.resolve();
  }

  listen(take: (bytes: Buffer) => void): void {
    this.say = take;
  }

  destroy(): void {
    this.destroyed = true;
    this.#done.resolve();
  }
}

/** A carrier of the daemon, and the agent at its other end, which has got the key. */
function ends() {
  const wire = new Wire();
  const carrier = sealedCarrier(wire);
  const taken: Buffer[] = [];
  carrier.listen((bytes) => void taken.push(Buffer.from(bytes)));
  const key = wire.written.shift() ?? Buffer.alloc(0);
  return { wire, carrier, taken, key, agent: new SealedEnd(key, 'agent') };
}

const exit = (channel: number) => frame(Type.exit, channel, Buffer.alloc(22));
const frames = [exit(1), frame(Type.gone, 1), frame(Type.output, 2, Buffer.from('\x01text')), exit(2)];

describe('sealed frames', () => {
  it('begin with a key, which is another one each time', () => {
    const [one, two] = [ends(), ends()];
    expect([one.key.length, two.key.length]).to.deep.equal([KEY_BYTES, KEY_BYTES]);
    expect(one.key.equals(two.key)).to.equal(false);
  });

  it('arrive as they were sent, wherever they are cut, in both directions', () => {
    fc.assert(fc.property(fc.array(fc.nat(80), { maxLength: 20 }), (cuts) => {
      const { wire, carrier, taken, agent } = ends();
      let rest = agent.seal(Buffer.concat(frames));
      for (const cut of cuts) {
        wire.say(rest.subarray(0, cut));
        rest = rest.subarray(cut);
      }
      wire.say(rest);
      expect(Buffer.concat(taken).equals(Buffer.concat(frames))).to.equal(true);
      void carrier.write(Buffer.concat(frames.slice(0, 2)));
      void carrier.write((frames[2] as Buffer).subarray(0, HEADER_BYTES), (frames[2] as Buffer).subarray(HEADER_BYTES));
      const heard: Buffer[] = [];
      expect(agent.open(Buffer.concat(wire.written), (each) => void heard.push(each))).to.equal(true);
      expect(heard).to.deep.equal(frames.slice(0, 3));
      expect(wire.destroyed).to.equal(false);
    }));
  });

  const attacks: Record<string, (seals: readonly Buffer[], made: SealedEnd) => readonly Buffer[]> = {
    'one without a seal is put between': ([a, ...rest]) => [a as Buffer, exit(9), ...rest],
    'one with the seal of another key is put between': ([a, ...rest], made) => [a as Buffer, made.seal(exit(9)), ...rest],
    'one is taken away': ([a, , ...rest]) => [a as Buffer, ...rest],
    'one is repeated': ([a, ...rest]) => [a as Buffer, a as Buffer, ...rest],
    'two are exchanged': ([a, b, ...rest]) => [a as Buffer, ...rest, b as Buffer],
    'nonsense is put between': ([a, ...rest]) => [a as Buffer, Buffer.alloc(40, 0xff), ...rest],
  };
  for (const [name, attack] of Object.entries(attacks)) {
    it(`are not believed from the place on where ${name}, and the carrier is closed`, () => {
      const { wire, taken, agent } = ends();
      const sealed = frames.map((each) => agent.seal(each));
      for (const bytes of attack(sealed, new SealedEnd(Buffer.alloc(KEY_BYTES), 'agent'))) wire.say(bytes);
      expect([taken, wire.destroyed]).to.deep.equal([frames.slice(0, 1), true]);
    });
  }

  it('are not believed if the daemon sent them', () => {
    const { wire, taken, key } = ends();
    wire.say(new SealedEnd(key, 'daemon').seal(exit(1)));
    expect([taken, wire.destroyed]).to.deep.equal([[], true]);
  });

  it('are not believed with any bit changed', () => {
    const size = exit(1).length + 16;
    for (let bit = 0; bit < size * 8; bit++) {
      const { wire, taken, agent } = ends();
      const bytes = agent.seal(exit(1));
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      wire.say(bytes);
      // A longer frame is waited for; it never comes to have the right seal.
      wire.say(Buffer.alloc(70_000));
      expect([taken, wire.destroyed], `bit ${bit}`).to.deep.equal([[], true]);
    }
  });
});
