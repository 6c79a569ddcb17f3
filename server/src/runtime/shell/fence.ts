/**
 * The fence: what a shell goes through to put itself, and all that it will ever start, behind a filter of system calls.
 * Where the kernel is gVisor's, a filter that the engine is given does not hold for what is started by exec; and in a
 * user namespace of its own a process counts as privileged there, and may have as many others as it likes.
 *
 *   FENCE PATH NAME [ARGUMENT...]
 *
 * prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter), which may fail; execve(PATH, [NAME, ARGUMENT...], environment).
 */
import { elf, hex, isKnown, type Machine, TEXT_ADDRESS } from './elf.ts';
import { printfFormat } from './quote.ts';

/** At process start the stack holds argc, the arguments and a null, the environment and a null: eight bytes each. */
const code: Record<Machine, (fprog: number) => readonly string[]> = {
  x86_64: (fprog) => [
    '48 89 e3', //                mov  rbx, rsp
    'bf 16 00 00 00', //          mov  edi, 22 (PR_SET_SECCOMP)
    'be 02 00 00 00', //          mov  esi, 2 (SECCOMP_MODE_FILTER)
    `ba ${le32(fprog)}`, //       mov  edx, the filter
    'b8 9d 00 00 00 0f 05', //    mov  eax, 157 (prctl); syscall
    '48 8b 03', //                mov  rax, [rbx]: argc
    '48 8d 54 c3 10', //          lea  rdx, [rbx + rax*8 + 16]: the environment
    '48 8b 7b 10', //             mov  rdi, [rbx + 16]: PATH
    '48 8d 73 18', //             lea  rsi, [rbx + 24]: NAME and on
    'b8 3b 00 00 00 0f 05', //    mov  eax, 59 (execve); syscall
    'bf 7e 00 00 00', //          mov  edi, 126
    'b8 e7 00 00 00 0f 05', //    mov  eax, 231 (exit_group); syscall
  ],
  aarch64: (fprog) => [
    'f3 03 00 91', //             mov  x19, sp
    'c0 02 80 d2', //             mov  x0, 22 (PR_SET_SECCOMP)
    '41 00 80 d2', //             mov  x1, 2 (SECCOMP_MODE_FILTER)
    le32(0xd280_0002 + (fprog & 0xffff) * 32), //           movz x2, the filter, low half
    le32(0xf2a0_0002 + (fprog >>> 16) * 32), //             movk x2, high half, lsl 16
    'e8 14 80 d2 01 00 00 d4', // mov  x8, 167 (prctl); svc
    '69 02 40 f9', //             ldr  x9, [x19]: argc
    '69 0e 09 8b 22 41 00 91', // add  x9, x19, x9, lsl 3; add x2, x9, 16: the environment
    '60 0a 40 f9', //             ldr  x0, [x19, 16]: PATH
    '61 62 00 91', //             add  x1, x19, 24: NAME and on
    'a8 1b 80 d2 01 00 00 d4', // mov  x8, 221 (execve); svc
    'c0 0f 80 d2', //             mov  x0, 126
    'c8 0b 80 d2 01 00 00 d4', // mov  x8, 94 (exit_group); svc
  ],
};

function le32(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes.toString('hex');
}

/** Behind the code stands struct sock_fprog: how many instructions, and where they are, right behind it. They are `struct sock_filter[]`. */
export function fence(machine: Machine, instructions: Buffer): Buffer {
  const size = Math.ceil(hex(code[machine](0)).length / 8) * 8;
  const fprog = Buffer.alloc(16);
  fprog.writeUInt16LE(instructions.length / 8, 0);
  fprog.writeBigUInt64LE(BigInt(TEXT_ADDRESS + size + fprog.length), 8);
  const text = Buffer.alloc(size);
  hex(code[machine](TEXT_ADDRESS + size)).copy(text);
  return elf(machine, Buffer.concat([text, fprog, instructions]));
}

/** `command`, whose first word is looked for in PATH, behind the fence. Where that can't be, for want of a machine we know or of a /tmp to execute in, without it. */
export function fenced(command: readonly string[], machine: string | undefined, filter: (machine: Machine) => Buffer, mark: string): readonly string[] {
  if (!isKnown(machine)) return command;
  const file = `/tmp/.${mark}`;
  const script = `{ printf ${printfFormat(fence(machine, filter(machine)))} >${file} && chmod 500 ${file} && exec 9<${file}; rm -f ${file}; } 2>/dev/null
[ -x /proc/$$/fd/9 ] && IFS=: && for d in $PATH; do [ -f "$d/$1" ] && [ -x "$d/$1" ] && exec /proc/$$/fd/9 "$d/$1" "$@"; done
exec "$@"`;
  return ['sh', '-c', script, 'sh', ...command];
}
