/** The system calls that the filter denies, by their numbers: programs in a sandbox do not need them, and they have been ways out of sandboxes. */
import type { Machine } from './elf.ts';

/** Of x86_64 and aarch64; null where a machine has no such call. */
export const denied: Readonly<Record<string, readonly [x86_64: number | null, aarch64: number | null]>> = {
  // Other processes
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  process_madvise: [440, 440],
  // Namespaces and mounts
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // The kernel itself
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  syslog: [103, 116],
  lookup_dcookie: [212, 18],
  vhangup: [153, 58],
  acct: [163, 89],
  swapon: [167, 224],
  swapoff: [168, 225],
  reboot: [169, 142],
  iopl: [172, null],
  ioperm: [173, null],
  modify_ldt: [154, null],
  uselib: [134, null],
  _sysctl: [156, null],
  // The machine's name and time
  sethostname: [170, 161],
  setdomainname: [171, 162],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
};

/** Calls of which only some uses are denied: the filter looks at their arguments. */
export const examined: Readonly<Record<Machine, Readonly<Record<'clone' | 'clone3' | 'socket' | 'ioctl' | 'personality', number>>>> = {
  x86_64: { clone: 56, clone3: 435, socket: 41, ioctl: 16, personality: 135 },
  aarch64: { clone: 220, clone3: 435, socket: 198, ioctl: 29, personality: 92 },
};
