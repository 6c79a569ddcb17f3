/** Makes streams of frames that no daemon would send, always the same ones from the same number. */
import { frame, Type, Writer } from '../../server/src/runtime/agent/frames.ts';

/** A stream is sent in these pieces. */
export type Pieces = readonly Buffer[];

/** A generator of pseudo-random numbers (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** From 0 to `end`, without it. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 2 ** 32) * end);
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  bytes(size: number): Buffer {
    return Buffer.from(Array.from({ length: size }, () => this.below(256)));
  }
}

const paths = [
  '/tmp/a', '/tmp/a', '/tmp/b', '/tmp/d', '/tmp/d/e/f', '/tmp/link', '/tmp/link/x', '/tmp/pipe', '/tmp', '/tmp/', '/tmp/../tmp/./a', '', '.', 'relative', '//',
  '/dev/null', '/dev/zero', '/dev/pts', '/proc/self/status', '/proc/self/mem', '/proc/self/fd', '/sys', '/etc/none/x', '/tmp/a/below', `/tmp/${'x'.repeat(255)}`, `/tmp/${'y'.repeat(256)}`,
  `/tmp${'/deep'.repeat(300)}`, `/tmp/${'z'.repeat(5000)}`, '/tmp/new\nline', '/tmp/%s%n', '/tmp/\u{1f9ab}',
].map((path) => Buffer.from(path)).concat(Buffer.from('/tmp/\xff\xfe', 'latin1'));

const scripts = [
  'echo one; echo two >&2; exit 3', 'cat /tmp/a', 'sleep 1; cat /tmp/a', 'cat', 'sleep 9', 'sleep 9 & sleep 9 & exit 5', 'yes', 'cat /dev/zero', 'trap "" TERM HUP INT; sleep 9; sleep 9', 'kill -SEGV $$', 'kill -STOP $$',
  'kill -STOP $PPID; echo still', 'kill -9 $PPID', '(setsid sleep 9 &) ; (setsid setsid sh -c "sleep 9; sleep 9" &)', 'exec 0<&-; sleep 1', 'exec >&- 2>&-; sleep 9',
  'for i in 1 2 3 4 5 6 7 8; do sleep 9 & done; wait', 'mkdir -p /tmp/d/e; echo text >/tmp/d/e/f; ln -s /tmp/d /tmp/link; mkfifo /tmp/pipe; ln /tmp/d/e/f /tmp/b; chmod 0 /tmp/d/e', 'stty size; read x; echo $x',
  'i=0; while [ $i -lt 300 ]; do : >/tmp/file-$i; i=$((i+1)); done', 'cd /tmp; i=0; while [ $i -lt 200 ]; do mkdir deep; cd deep; i=$((i+1)); done',
];

const text = (...parts: Buffer[]): Writer => parts.reduce((writer, part) => writer.text(part), new Writer());

function startPayload(dice: Dice): Buffer {
  const command = dice.of<readonly string[]>([['true'], ['/bin/cat'], ['no-such-program'], [''], ['/tmp'], ['/tmp/a'], ['sh', '-c', dice.of(scripts)], ['sh', '-c', dice.of(scripts)], ['sh', '-c', dice.of(scripts)]]);
  const env = dice.of<readonly string[]>([[], ['A=b'], ['PATH='], ['PATH=:/tmp:/usr/bin'], [`PATH=/${'p'.repeat(5000)}:/bin`], ['none', '=', 'A=', 'A=1', 'A=2'], [`LONG=${'v'.repeat(dice.of([10, 200_000]))}`]]);
  const more = dice.chance(3) ? dice.of([200, 70_000]) : 0;
  const words = [...command, ...Array.from({ length: more }, (_, at) => `argument ${at}`)];
  const lie = dice.chance(5) ? dice.of([1, -1, 1000, 0xffffffff]) : 0;
  const flags = dice.below(8);
  const heldAt = (flags & 4) !== 0 ? [Buffer.from(dice.of(['/usr/lib/locale/locale-archive', '/etc/passwd', '/tmp/a', '']))] : [];
  const head = new Writer()
    .u8(flags).u16(dice.of([0, 80, 65535])).u16(dice.of([0, 24, 65535]))
    .u32(dice.of([0, 1, 1000, 512 * 1024, 0xffffffff]))
    .u32((words.length + lie) >>> 0).u32(env.length);
  return Buffer.concat([head.bytes, text(dice.of(['/tmp', '/', '/tmp/none', '']) === '' ? dice.of(paths) : Buffer.from(dice.of(['/tmp', '/'])), ...heldAt).bytes, text(...[...words, ...env].map((each) => Buffer.from(each))).bytes]);
}

/** The payload of a frame as a daemon might send it. */
const payloads: Readonly<Record<number, (dice: Dice) => Buffer>> = {
  [Type.start]: startPayload,
  [Type.data]: (dice) => dice.bytes(dice.of([0, 1, 100, 5000])),
  [Type.end]: () => Buffer.alloc(0),
  [Type.credit]: (dice) => new Writer().u32(dice.of([0, 1, 65536, 0xffffffff])).bytes,
  [Type.signal]: (dice) => new Writer().u8(dice.of([0, 1, 2, 9, 15, 18, 19, 64, 65, 255])).bytes,
  [Type.kill]: () => Buffer.alloc(0),
  [Type.release]: () => Buffer.alloc(0),
  [Type.resize]: (dice) => new Writer().u16(dice.below(65536)).u16(dice.below(65536)).bytes,
  [Type.read]: (dice) => Buffer.concat([new Writer().u64(dice.of([0, 1, 4096, 2 ** 40])).u64(dice.of([0, 1, 100_000, 2 ** 50])).bytes, text(dice.of(paths)).bytes]),
  [Type.write]: (dice) => Buffer.concat([new Writer().u8(dice.of([0, 1, 2, 3])).u8(dice.below(2)).u16(dice.of([0, 0o644, 0o7777, 0o000])).u64(dice.of([0, 1, 1e12, 2 ** 52])).bytes, text(dice.of(paths)).bytes]),
  [Type.makeDirectory]: (dice) => Buffer.concat([new Writer().u8(dice.below(2)).bytes, text(dice.of(paths)).bytes]),
  [Type.copy]: (dice) => Buffer.concat([new Writer().u8(dice.below(2)).u8(dice.below(2)).bytes, text(dice.of(paths), dice.of(paths)).bytes]),
  [Type.remove]: (dice) => Buffer.concat([new Writer().u8(dice.below(2)).bytes, text(dice.of(paths)).bytes]),
  [Type.list]: (dice) => Buffer.concat([new Writer().u8(dice.below(2)).bytes, text(dice.of(paths)).bytes]),
  [Type.status]: (dice) => text(dice.of(paths)).bytes,
  [Type.facts]: () => Buffer.alloc(0),
  [Type.listen]: (dice) => new Writer().u16(dice.of([0, 0, 1, 4000, 4000, 4001, 65535])).u32(dice.of([0, 1, 100, 512 * 1024, 0xffffffff])).bytes,
  [Type.connect]: (dice) => new Writer().u16(dice.of([0, 1, 4000, 5000, 5001, 5001, 65535])).u32(dice.of([0, 1, 100, 512 * 1024, 0xffffffff])).bytes,
  [Type.close]: () => Buffer.alloc(0),
  [Type.watchPorts]: () => Buffer.alloc(0),
  [Type.find]: (dice) => text(...Array.from({ length: dice.of([0, 1, 3, 31, 32, 33, 100]) }, () => dice.of([Buffer.from('sh'), Buffer.from('none'), ...paths]))).bytes,
};
const types = Object.keys(payloads).map(Number);
/** Those after which something goes on for a while come more often. */
const usual = [...types, Type.start, Type.start, Type.start, Type.data, Type.data, Type.write, Type.end, Type.kill];

const channels = [1, 1, 1, 2, 2, 3, 0, 0x80000000, 0x80000001, 0xffffffff];

function validFrame(dice: Dice): Buffer {
  const type = dice.of(usual);
  return frame(type, dice.of(channels), (payloads[type] as (dice: Dice) => Buffer)(dice));
}

/** A program or a file from its begin to its end, with all that belongs to it. */
function wholeConversation(dice: Dice): Buffer[] {
  const channel = 10 + dice.below(5);
  const begin = dice.of([Type.start, Type.start, Type.write, Type.connect]);
  const some = (type: number) => frame(type, channel, (payloads[type] as (dice: Dice) => Buffer)(dice));
  const middle = Array.from({ length: dice.below(6) }, () => some(dice.of(begin === Type.write ? [Type.data] : begin === Type.connect ? [Type.data, Type.data, Type.credit, Type.end] : [Type.data, Type.credit, Type.signal, Type.resize, Type.release])));
  return [some(begin), ...middle, some(dice.of([Type.end, begin === Type.connect ? Type.close : Type.kill, Type.end])), ...(dice.chance(50) ? [some(Type.kill)] : [])];
}

/** What a program does with its connection, which is its descriptor 3. */
const callers = ['echo hello >&3; cat <&3', 'cat <&3 >&3', 'exec 3<&-', 'head -c 300000 /dev/zero >&3; head -c 10 <&3', 'sleep 9', 'head -c 5 <&3; sleep 0.01; echo more >&3; cat <&3'];

/** A port at which the agent listens, a program that connects to it, and what is said on the connection, whose channel is the first that an agent gives. */
function relayConversation(dice: Dice): Buffer[] {
  const port = dice.of([4000, 4001]);
  const command = ['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}; ${dice.of(callers)}`];
  const start = Buffer.concat([new Writer().u8(0).u16(0).u16(0).u32(1000).u32(command.length).u32(0).bytes, text(...['/', ...command].map((each) => Buffer.from(each))).bytes]);
  const answer = () => {
    const type = dice.of([Type.data, Type.data, Type.credit, Type.end, Type.close]);
    return frame(type, 0x80000000, (payloads[type] as (dice: Dice) => Buffer)(dice));
  };
  return [
    ...(dice.chance(30) ? [frame(Type.watchPorts, 22)] : []),
    frame(Type.listen, 20, new Writer().u16(port).u32(dice.of([0, 1, 5, 1000, 512 * 1024])).bytes), frame(Type.start, 21, start),
    ...Array.from({ length: dice.below(8) }, () => (dice.chance(20) ? frame(Type.facts, 23) : answer())), ...(dice.chance(50) ? [frame(Type.close, 20)] : []),
  ];
}

const mutations: readonly ((bytes: Buffer, dice: Dice) => Buffer)[] = [
  // A size that is wrong by a little, or huge.
  (bytes, dice) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt32LE(dice.of([0, 1, (bytes.length - 9 + dice.below(8) - 4) >>> 0, 65536, 65553, 8 * 2 ** 20, 8 * 2 ** 20 + 1, 0x7fffffff, 0xffffffff]), 0);
    return copy;
  },
  // A type that is unknown, or another one.
  (bytes, dice) => {
    const copy = Buffer.from(bytes);
    copy[8] = dice.chance(70) ? dice.of(types) : dice.below(256);
    return copy;
  },
  // Some bytes are others.
  (bytes, dice) => {
    const copy = Buffer.from(bytes);
    for (let count = 1 + dice.below(4); count > 0; count--) copy[dice.below(copy.length)] = dice.of([0, 1, 0x2f, 0x7f, 0x80, 0xff, dice.below(256)]);
    return copy;
  },
  // The payload is shorter, and says so.
  (bytes, dice) => {
    const copy = Buffer.from(bytes.subarray(0, 9 + dice.below(bytes.length - 8)));
    copy.writeUInt32LE(copy.length - 9, 0);
    return copy;
  },
  // Something is missing.
  (bytes, dice) => bytes.subarray(0, dice.below(bytes.length)),
  (bytes, dice) => Buffer.concat([bytes, dice.bytes(1 + dice.below(20))]),
];

/** The stream of this number. */
export function stream(number: number): Pieces {
  const dice = new Dice(number);
  if (number % 20 === 0) return [dice.bytes(1 + dice.below(300))];
  const frames = Array.from({ length: 1 + dice.below(12) }, () => (dice.chance(40) ? wholeConversation(dice) : dice.chance(10) ? relayConversation(dice) : [validFrame(dice)])).flat();
  // Half of the streams are as they should be, but for what is asked.
  if (number % 2 === 0) {
    for (let count = 1 + dice.below(2); count > 0; count--) {
      const at = dice.below(frames.length);
      const whole = frames[at] as Buffer;
      if (whole.length >= 9) frames[at] = dice.of(mutations)(whole, dice);
    }
  }
  const all = Buffer.concat(frames);
  const pieces: Buffer[] = [];
  for (let at = 0; at < all.length; ) {
    const size = dice.of([1 + dice.below(20), 1 + dice.below(2000), all.length]);
    pieces.push(all.subarray(at, at + size));
    at += size;
    if (pieces.length > 4) {
      pieces.push(all.subarray(at));
      break;
    }
  }
  return pieces.filter((piece) => piece.length > 0);
}

/** As fuzz.c reads it. */
export function record(pieces: Pieces): Buffer {
  return Buffer.concat([...pieces.flatMap((piece) => [new Writer().u32(piece.length).bytes, piece]), Buffer.alloc(4)]);
}
