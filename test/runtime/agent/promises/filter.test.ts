/** System calls that no program needs and that lead out of a sandbox are denied (K8), and a program can't be traced by a stranger. */
import { expect } from 'chai';
import { run, textOf } from '../../contract/harness.ts';
import { everySandbox, onHostKernel, python, useSandbox, worked } from './sandboxes.ts';

const attempts = `
for name, family in (('AF_VSOCK', 40), ('AF_ALG', 38), ('AF_PACKET', 17), ('AF_BLUETOOTH', 31), ('AF_RDS', 21), ('AF_TIPC', 30), ('AF_KEY', 15)):
    attempt(name, lambda: socket.socket(family, socket.SOCK_STREAM if family != 15 else socket.SOCK_RAW) is not None)
for name, number in (('io_uring_setup', 425), ('io_uring_enter', 426), ('io_uring_register', 427), ('open_tree', 428), ('fsopen', 430), ('mount_setattr', 442)):
    attempt(name, lambda: call(number, 8, ctypes.create_string_buffer(256), 0, 0, 0) >= 0)
numbers = dict(unshare=272, setns=308, mount=165, bpf=321, perf_event_open=298, userfaultfd=323, keyctl=250, add_key=248, kexec_load=246, open_by_handle_at=304, personality=135) if x86 else dict(unshare=97, setns=268, mount=40, bpf=280, perf_event_open=241, userfaultfd=282, keyctl=219, add_key=217, kexec_load=104, open_by_handle_at=265, personality=92)
attempt('unshare', lambda: call(numbers['unshare'], 0x10000000) == 0)
attempt('setns', lambda: call(numbers['setns'], os.open('/proc/self/ns/net', os.O_RDONLY), 0) == 0)
attempt('mount', lambda: call(numbers['mount'], b'none', b'/tmp', b'tmpfs', 0, 0) == 0)
for name in ('bpf', 'perf_event_open', 'userfaultfd', 'keyctl', 'add_key', 'kexec_load'):
    attempt(name, lambda: call(numbers[name], 0, ctypes.create_string_buffer(256), 128, 0, 0) >= 0)
attempt('personality', lambda: call(numbers['personality'], 0x0040000) >= 0)
clone, clone3 = (56, 435) if x86 else (220, 435)
attempt('clone with a user namespace', lambda: call(clone, 0x10000000 | 17, 0, 0, 0, 0) >= 0)
attempt('clone3', lambda: call(clone3, ctypes.create_string_buffer(88), 88) >= 0)
import fcntl, termios
def push():
    master, slave = os.openpty(); os.setsid(); fcntl.ioctl(slave, termios.TIOCSCTTY, 0); fcntl.ioctl(slave, termios.TIOCSTI, b'x'); return True
child = os.fork()
if child == 0:
    attempt('put text into a terminal', push); os._exit(len(worked))
attempt('put text into a terminal', lambda: os.waitpid(child, 0)[1] != 0)
`;

/** System calls without which programs break that have done nothing wrong, on machines whose numbers are known here. `worked` has those that are denied. */
const ordinary = `
import errno, mmap
numbers = dict(sched_yield=24, mremap=25, mincore=27, madvise=28, shmget=29, sendfile=40, semget=64, msgget=68, sysinfo=99, mlock=149, sched_getaffinity=204, io_setup=206, ioprio_get=252,
    set_robust_list=273, splice=275, timerfd_create=283, fallocate=285, signalfd4=289, eventfd2=290, epoll_create1=291, inotify_init1=294, preadv=295, getcpu=309, sched_getattr=315, getrandom=318, memfd_create=319,
    membarrier=324, copy_file_range=326, preadv2=327, statx=332, rseq=334, pidfd_open=434, close_range=436, openat2=437, faccessat2=439) if x86 else {}
arguments = dict(pidfd_open=(os.getpid(), 0), memfd_create=(b'x', 0), close_range=(1000, 1000, 0), shmget=(0, 4096, 0o1600), semget=(0, 1, 0o1600), msgget=(0, 0o1600), getrandom=(ctypes.create_string_buffer(8), 8, 0))
for name, number in numbers.items():
    ctypes.set_errno(0)
    call(number, *arguments.get(name, (0, 0, 0, 0, 0, 0)))
    attempt(name, lambda: ctypes.get_errno() == errno.EPERM)
def write_and_run():
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    return code is None
attempt('memory that can be written and executed', write_and_run)
import multiprocessing, threading
lock = multiprocessing.Lock(); lock.acquire()
thread = threading.Thread(target=lock.release); thread.start(); thread.join()
attempt('a lock of several processes', lambda: not lock.acquire(timeout=10))
`;

everySandbox('the system call filter', onHostKernel, (parts) => {
  const held = useSandbox(parts);

  it('denies what leads out', async () => {
    expect(await worked(held.sandbox, attempts)).to.deep.equal([]);
  });

  it('lets pass what libraries for numbers, threads and waiting ask for (F-F4)', async () => {
    expect(await worked(held.sandbox, ordinary)).to.deep.equal([]);
  });

  for (const [what, program] of Object.entries({
    'of another kind of machine': `
import mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex('b814000000cd80c3'))
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()`,
    'of programs with short pointers': 'call(0x40000000 + 39)',
  })) {
    it(`ends a program that makes a call ${what}`, async () => {
      if ((await textOf(held.sandbox, 'uname -m')).trim() !== 'x86_64') return;
      const { exit } = await run(held.sandbox, python(`${program}\nos._exit(0)`));
      // A kernel without such calls ends it as well, or would refuse them.
      expect(exit).to.have.property('kind', 'signaled');
    });
  }

  it('lets a program trace its own children, which debuggers do', async () => {
    expect(await worked(held.sandbox, `
child = os.fork()
if child == 0: time.sleep(600)
attempt('own', lambda: libc.ptrace(0x4206, child, 0, 0) == 0)
os.kill(child, 9)`)).to.deep.equal(['own']);
  });

  it('is in force for every program', async () => {
    expect(await textOf(held.sandbox, ['python3', '-c', 'print(open("/proc/self/status").read().split("Seccomp:")[1].split()[0])'])).to.equal('2\n');
  });
});
