/** Makes a minimal ELF file: its only segment is the whole file. */

/** As the kernel and the Docker engine name it. */
export type Machine = 'x86_64' | 'aarch64';

const ELF_MACHINE: Record<Machine, number> = { x86_64: 62, aarch64: 183 };
const HEADERS = 64 + 56;
const BASE = 0x400000;
/** Where the text begins when it runs. */
export const TEXT_ADDRESS = BASE + HEADERS;

export function isKnown(machine: string | undefined): machine is Machine {
  return machine === 'x86_64' || machine === 'aarch64';
}

export function elf(machine: Machine, text: Buffer): Buffer {
  const file = Buffer.alloc(HEADERS + text.length);
  file.write('\x7fELF\x02\x01\x01', 'latin1');
  file.writeUInt16LE(2, 16); // an executable
  file.writeUInt16LE(ELF_MACHINE[machine], 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(TEXT_ADDRESS), 24); // where it begins
  file.writeBigUInt64LE(64n, 32); // where the program header is
  file.writeUInt16LE(64, 52);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(1, 64); // to be loaded
  file.writeUInt32LE(5, 68); // readable and executable
  file.writeBigUInt64LE(BigInt(BASE), 80);
  file.writeBigUInt64LE(BigInt(BASE), 88);
  file.writeBigUInt64LE(BigInt(file.length), 96);
  file.writeBigUInt64LE(BigInt(file.length), 104);
  file.writeBigUInt64LE(4096n, 112);
  text.copy(file, HEADERS);
  return file;
}

/** Machine code as it is written down: bytes in hexadecimal, spaces between them. */
export function hex(lines: readonly string[]): Buffer {
  return Buffer.from(lines.join('').replaceAll(' ', ''), 'hex');
}
