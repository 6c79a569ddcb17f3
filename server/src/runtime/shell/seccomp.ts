/**
 * The system call filter of native sandboxes: classic BPF, as the kernel takes it. It denies what is dangerous instead
 * of allowing what is known, so that no program breaks that has done nothing wrong.
 *
 * Denied with EPERM: see syscalls.ts; new namespaces by clone; putting characters into a terminal's input; address
 * families with a history; personalities but the ordinary ones. clone3 says ENOSYS, because its flags can't be
 * looked at: every C library then takes clone. A call of another machine's kind ends the process.
 */
import { denied, examined } from './syscalls.ts';
import type { Machine } from './elf.ts';

/** Offsets in what the filter is given: the call's number, the machine, the arguments' lower halves. */
const NUMBER = 0;
const MACHINE = 4;
const argument = (index: number): number => 16 + 8 * index;

const AUDIT_MACHINE: Record<Machine, number> = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };
/** On x86_64: the calls of programs with short pointers. */
const X32_BIT = 0x40000000;

const KILL = 0x80000000;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const EAFNOSUPPORT = 0x00050061;

/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. */
const NEW_NAMESPACES = 0x7e020080;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
/** AF_ALG, AF_VSOCK, AF_PACKET, AF_BLUETOOTH, AF_RDS, AF_TIPC, AF_KEY: all but a few programs never ask for them. */
const FAMILIES = [38, 40, 17, 31, 21, 30, 15];
/** PER_LINUX, PER_LINUX32, and the question which it is. */
const PERSONALITIES = [0, 8, 0xffffffff];

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const answer = (value: number): Instruction => [0x06, 0, 0, value];
/** Goes on where the accumulator is `value`, else skips `otherwise` instructions. */
const whenEqual = (value: number, otherwise: number): Instruction => [0x15, 0, otherwise, value];
const whenAnyBit = (bits: number, otherwise: number): Instruction => [0x45, 0, otherwise, bits];
const whenAtLeast = (value: number, otherwise: number): Instruction => [0x35, 0, otherwise, value];

/** The filter as `struct sock_filter[]`. */
export function seccompFilter(machine: Machine): Buffer {
  const calls = examined[machine];
  const column = machine === 'x86_64' ? 0 : 1;
  const numbers = Object.values(denied).flatMap((row) => row[column] ?? []);
  const program: Instruction[] = [
    load(MACHINE),
    [0x15, 1, 0, AUDIT_MACHINE[machine]],
    answer(KILL),
    load(NUMBER),
    ...(machine === 'x86_64' ? [whenAtLeast(X32_BIT, 1), answer(KILL)] : []),
    whenEqual(calls.clone3, 1), answer(ENOSYS),
    whenEqual(calls.clone, 4), load(argument(0)), whenAnyBit(NEW_NAMESPACES, 1), answer(EPERM), answer(ALLOW),
    ...oneOf(calls.ioctl, 1, [TIOCSTI, TIOCLINUX], EPERM, ALLOW),
    ...oneOf(calls.socket, 0, FAMILIES, EAFNOSUPPORT, ALLOW),
    ...oneOf(calls.personality, 0, PERSONALITIES, ALLOW, EPERM),
    ...numbers.flatMap((number) => [whenEqual(number, 1), answer(EPERM)]),
    answer(ALLOW),
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, ifTrue, ifFalse, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}

/** Answers `found` where an argument of the call is one of `values`, else `otherwise`. */
function oneOf(call: number, index: number, values: readonly number[], found: number, otherwise: number): Instruction[] {
  const body = [load(argument(index)), ...values.flatMap((value) => [whenEqual(value, 1), answer(found)]), answer(otherwise)];
  return [whenEqual(call, body.length), ...body];
}
