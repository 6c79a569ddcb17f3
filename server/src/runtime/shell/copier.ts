/**
 * The second task of the launcher: with a single argument it copies.
 *
 *   LAUNCHER [OFFSET+]N
 *
 * It copies N bytes, or fewer if there are no more, from stdin to stdout. With OFFSET, stdin must be a file, and is read
 * from there on. If writing fails, it still reads on, because otherwise the sender would wait. It exits with 0, or with
 * the errno of the last failure.
 */
import type { Machine } from './elf.ts';

/** Where there is another number of words, what follows this is run: with the stack in rbx, x19. */
export const copier: Record<Machine, readonly string[]> = {
  x86_64: [
    '48 89 e3', //                mov  rbx, rsp
    '48 83 3b 02', //             cmp  qword [rbx], 2: argc
    '0f 85 ad 00 00 00', //       jne  what follows
    '48 8b 73 10', //             mov  rsi, [rbx + 16]
    '45 31 e4', //                xor  r12d, r12d: bytes left
    '45 31 ff', //                xor  r15d, r15d: where to begin
    '0f b6 06 48 ff c6', // digit: movzx eax, byte [rsi]; inc rsi
    '83 e8 30 83 f8 09', //       sub  eax, '0'; cmp eax, 9
    '77 09', //                   ja   stop
    '4d 6b e4 0a 49 01 c4', //    imul r12, r12, 10; add r12, rax
    'eb e9', //                   jmp  digit
    '83 f8 fb 75 08', //    stop: cmp  eax, '+' - '0'; jne begin
    '4d 89 e7 45 31 e4', //       mov  r15, r12; xor r12d, r12d
    'eb dc', //                   jmp  digit
    '45 31 ed', //         begin: xor  r13d, r13d: errno
    '48 81 ec 00 00 01 00', //    sub  rsp, 65536: room
    '4d 85 ff 74 0e', //          test r15, r15; jz next
    '31 ff 4c 89 fe 31 d2', //    xor  edi, edi; mov rsi, r15; xor edx, edx
    'b8 08 00 00 00 0f 05', //    mov  eax, 8 (lseek); syscall
    'ba 00 00 01 00', //    next: mov  edx, 65536
    '49 39 d4 49 0f 42 d4', //    cmp  r12, rdx; cmovb rdx, r12
    '85 d2 74 48', //             test edx, edx; jz end
    '31 ff 48 89 e6 31 c0 0f 05', // xor edi, edi; mov rsi, rsp; xor eax, eax (read); syscall
    '48 85 c0 74 3a 78 33', //    test rax, rax; jz end; js broken
    '49 29 c4', //                sub  r12, rax
    '45 85 ed 75 d8', //          test r13d, r13d; jnz next
    '89 c5 49 89 e6', //          mov  ebp, eax: bytes in hand; mov r14, rsp
    'bf 01 00 00 00', //   write: mov  edi, 1
    '4c 89 f6 89 ea', //          mov  rsi, r14; mov edx, ebp
    'b8 01 00 00 00 0f 05', //    mov  eax, 1 (write); syscall
    '48 85 c0 78 09', //          test rax, rax; js refused
    '49 01 c6 29 c5', //          add  r14, rax; sub ebp, eax
    '75 e3 eb b4', //             jnz  write; jmp next
    'f7 d8 41 89 c5', //  refused: neg eax; mov r13d, eax
    'eb ad', //                   jmp  next
    'f7 d8 41 89 c5', //   broken: neg eax; mov r13d, eax
    '44 89 ef', //            end: mov edi, r13d
    'b8 e7 00 00 00 0f 05', //    mov  eax, 231 (exit_group); syscall
  ],
  aarch64: [
    'f3 03 00 91', //             mov  x19, sp
    '69 02 40 f9 3f 09 00 f1', // ldr  x9, [x19]: argc; cmp x9, 2
    'c1 06 00 54', //             b.ne what follows
    '6a 0a 40 f9', //             ldr  x10, [x19, 16]
    '14 00 80 d2', //             mov  x20, 0: bytes left
    '4c 01 80 d2', //             mov  x12, 10
    '18 00 80 d2', //             mov  x24, 0: where to begin
    '4b 15 40 38', //      digit: ldrb w11, [x10], 1
    '6b c1 00 51 7f 25 00 71', // sub  w11, w11, '0'; cmp w11, 9
    '68 00 00 54', //             b.hi stop
    '94 2e 0c 9b', //             madd x20, x20, x12, x11
    'fb ff ff 17', //             b    digit
    '7f 15 00 31 81 00 00 54', // stop: cmn w11, '0' - '+'; b.ne begin
    'f8 03 14 aa 14 00 80 d2', // mov  x24, x20; mov x20, 0
    'f6 ff ff 17', //             b    digit
    '15 00 80 d2', //      begin: mov  x21, 0: errno
    'ff 43 40 d1', //             sub  sp, sp, 65536: room
    'd8 00 00 b4 00 00 80 d2', // cbz  x24, next; mov x0, 0
    'e1 03 18 aa 02 00 80 d2', // mov  x1, x24; mov x2, 0
    'c8 07 80 d2 01 00 00 d4', // mov  x8, 62 (lseek); svc
    '22 00 a0 d2', //       next: mov  x2, 65536
    '9f 02 02 eb 82 32 82 9a', // cmp  x20, x2; csel x2, x20, x2, lo
    '02 03 00 b4', //             cbz  x2, end
    '00 00 80 d2 e1 03 00 91', // mov  x0, 0; mov x1, sp
    'e8 07 80 d2 01 00 00 d4', // mov  x8, 63 (read); svc
    '60 02 00 b4 20 02 f8 b7', // cbz  x0, end; tbnz x0, 63, broken
    '94 02 00 cb', //             sub  x20, x20, x0
    'b5 fe ff b5', //             cbnz x21, next
    'f6 03 00 aa f7 03 00 91', // mov  x22, x0: bytes in hand; mov x23, sp
    '20 00 80 d2', //      write: mov  x0, 1
    'e1 03 17 aa e2 03 16 aa', // mov  x1, x23; mov x2, x22
    '08 08 80 d2 01 00 00 d4', // mov  x8, 64 (write); svc
    'a0 00 f8 b7', //             tbnz x0, 63, refused
    'f7 02 00 8b d6 02 00 eb', // add  x23, x23, x0; subs x22, x22, x0
    '01 ff ff 54 e9 ff ff 17', // b.ne write; b next
    'f5 03 00 cb e7 ff ff 17', // refused: neg x21, x0; b next
    'f5 03 00 cb', //     broken: neg x21, x0
    'e0 03 15 aa', //        end: mov x0, x21
    'c8 0b 80 d2 01 00 00 d4', // mov  x8, 94 (exit_group); svc
  ],
};
