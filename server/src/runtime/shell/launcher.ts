/**
 * The launcher: a program of some 500 bytes that a held shell puts between itself and every program it starts.
 * It does what `env --default-signal=INT,QUIT setsid --` does, in one exec of a static file instead of two of
 * dynamic ones (0.3 ms instead of 1.8), and everywhere: busybox's env can't undo ignored signals.
 *
 *   LAUNCHER PATH NAME [ARGUMENT...]
 *
 * setsid(); SIGINT and SIGQUIT to their defaults; execve(PATH, [NAME, ARGUMENT...], environment). What has no
 * format that the kernel knows is run as a script: execve("/bin/sh", ["/bin/sh", PATH, ARGUMENT...]).
 * Ends with 127 where there is no such program, 126 where it can't be started, or there are no arguments.
 * With one argument alone it copies (copier.ts).
 */
import { copier } from './copier.ts';
import { elf, hex, type Machine } from './elf.ts';

/** At process start the stack, which the copier has kept, holds argc, the arguments and a null, the environment and a null: eight bytes each. */
const code: Record<Machine, readonly string[]> = {
  x86_64: [
    'b8 70 00 00 00 0f 05', //    mov  eax, 112 (setsid); syscall
    '31 c0 50 50 50 50', //       xor  eax, eax; push rax, four times: struct sigaction { SIG_DFL }
    'bf 02 00 00 00', //          mov  edi, 2 (SIGINT)
    '48 89 e6 31 d2', //          mov  rsi, rsp; xor edx, edx
    '41 ba 08 00 00 00', //       mov  r10d, 8: bytes in a signal mask
    'b8 0d 00 00 00 0f 05', //    mov  eax, 13 (rt_sigaction); syscall
    'bf 03 00 00 00', //          mov  edi, 3 (SIGQUIT)
    'b8 0d 00 00 00 0f 05', //    mov  eax, 13; syscall
    '48 8b 03', //                mov  rax, [rbx]: argc
    '48 8d 54 c3 10', //          lea  rdx, [rbx + rax*8 + 16]: the environment
    '48 8b 7b 10', //             mov  rdi, [rbx + 16]: PATH
    '48 8d 73 18', //             lea  rsi, [rbx + 24]: NAME and on
    'b8 3b 00 00 00 0f 05', //    mov  eax, 59 (execve); syscall
    '83 f8 f8 75 1a', //          cmp  eax, -ENOEXEC; jne fail
    '48 89 7b 18', //             mov  [rbx + 24], rdi: PATH takes the place of NAME
    '48 8d 3d 22 00 00 00', //    lea  rdi, [rip + 34]: "/bin/sh"
    '48 89 7b 10', //             mov  [rbx + 16], rdi
    '48 8d 73 10', //             lea  rsi, [rbx + 16]
    'b8 3b 00 00 00 0f 05', //    mov  eax, 59; syscall
    'bf 7e 00 00 00', //   fail:  mov  edi, 126
    '83 f8 fe 75 02 ff c7', //    cmp  eax, -ENOENT; jne 2 on; inc edi
    'b8 e7 00 00 00 0f 05', //    mov  eax, 231 (exit_group); syscall
    '2f 62 69 6e 2f 73 68 00', // "/bin/sh"
  ],
  aarch64: [
    'a8 13 80 d2 01 00 00 d4', // mov  x8, 157 (setsid); svc
    'ff 83 00 d1', //             sub  sp, sp, 32
    'ff 7f 00 a9 ff 7f 01 a9', // stp  xzr, xzr, [sp]; stp xzr, xzr, [sp, 16]: struct sigaction { SIG_DFL }
    '40 00 80 d2', //             mov  x0, 2 (SIGINT)
    'e1 03 00 91 02 00 80 d2', // mov  x1, sp; mov x2, 0
    '03 01 80 d2', //             mov  x3, 8: bytes in a signal mask
    'c8 10 80 d2 01 00 00 d4', // mov  x8, 134 (rt_sigaction); svc
    '60 00 80 d2 01 00 00 d4', // mov  x0, 3 (SIGQUIT); svc
    '69 02 40 f9', //             ldr  x9, [x19]: argc
    '69 0e 09 8b 22 41 00 91', // add  x9, x19, x9, lsl 3; add x2, x9, 16: the environment
    '60 0a 40 f9', //             ldr  x0, [x19, 16]: PATH
    'ea 03 00 aa', //             mov  x10, x0
    '61 62 00 91', //             add  x1, x19, 24: NAME and on
    'a8 1b 80 d2 01 00 00 d4', // mov  x8, 221 (execve); svc
    '1f 20 00 b1 c1 00 00 54', // cmn  x0, 8 (ENOEXEC); b.ne fail
    '6a 0e 00 f9', //             str  x10, [x19, 24]: PATH takes the place of NAME
    '20 01 00 10', //             adr  x0, 36 on: "/bin/sh"
    '60 0a 00 f9', //             str  x0, [x19, 16]
    '61 42 00 91', //             add  x1, x19, 16
    '01 00 00 d4', //             svc
    '1f 08 00 b1', //      fail:  cmn  x0, 2 (ENOENT)
    'c0 0f 80 d2', //             mov  x0, 126
    '00 14 80 9a', //             cinc x0, x0, eq
    'c8 0b 80 d2 01 00 00 d4', // mov  x8, 94 (exit_group); svc
    '2f 62 69 6e 2f 73 68 00', // "/bin/sh"
  ],
};

export function launcher(machine: Machine): Buffer {
  return elf(machine, hex([...copier[machine], ...code[machine]]));
}
