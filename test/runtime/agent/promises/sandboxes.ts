/**
 * The kinds of sandboxes in which an agent runs. Each file here attacks an agent from inside with everything that a program
 * may do, in all of them: `everySandbox` declares the same tests for each kind.
 */
import { expect } from 'chai';
import type { Sandbox } from '../../../../server/src/runtime/ports.ts';
import { createNativeRuntime } from '../../../../server/src/runtime/kinds/native/native.ts';
import { dockerImage, need, ociRuntime, type Probe } from '../../../require.ts';
import { sh } from '../../contract/dialects.ts';
import { type Parts, run, type Subject, textOf, useSandbox } from '../../contract/harness.ts';
import { containerSubject } from '../../kinds/docker/contract-subject.ts';
import { debian, gvisor, plain } from '../../kinds/docker/real.ts';
import { bubblewrap, controlGroups, nativeSubject } from '../../kinds/native/subject.ts';

type Name = 'native' | 'docker' | 'gvisor';

const kinds: Readonly<Record<Name, { readonly needs: Readonly<Record<string, Probe>>; readonly groups?: Probe; make(): Promise<Subject> }>> = {
  native: { needs: { bubblewrap }, groups: controlGroups, make: () => nativeSubject(createNativeRuntime) },
  docker: { needs: { docker: dockerImage(debian) }, make: () => containerSubject(debian, plain) },
  gvisor: { needs: { gVisor: ociRuntime('runsc'), docker: dockerImage(debian) }, make: () => containerSubject(debian, gvisor) },
};

/** With the kernel of the host. What gVisor gives less is in the layer `verdicts`. */
export const onHostKernel: readonly Name[] = ['native', 'docker'];
export const everywhere: readonly Name[] = ['native', 'docker', 'gvisor'];

export function everySandbox(title: string, where: readonly Name[], declare: (parts: Parts, name: Name) => void): void {
  for (const name of where) {
    const { needs, groups, make } = kinds[name];
    describe(`${title}: ${name}`, () => {
      for (const [part, probe] of Object.entries(needs)) before(need(part, probe));
      declare({ make, features: { shell: true, pty: true, languages: [], enforces: [], groups, links: 'followed', dialect: sh } }, name);
    });
  }
}

export { useSandbox };

/** Python that begins every attack: system calls by number, and a list of what worked. */
const prelude = `
import ctypes, os, sys, time, signal, threading, glob, struct, socket
libc = ctypes.CDLL(None, use_errno=True)
x86 = os.uname().machine == 'x86_64'
def call(number, *args):
    return libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
worked = []
def attempt(name, work):
    try:
        if work() not in (None, False): worked.append(name)
    except (OSError, ValueError): pass
`;

export const python = (program: string): readonly string[] => ['python3', '-c', prelude + program];

/** Runs an attack, which prints what worked. */
export async function worked(sandbox: Sandbox, program: string): Promise<string[]> {
  const text = await textOf(sandbox, python(`${program}\nprint(*worked, sep='\\n')`));
  return text.split('\n').filter(Boolean);
}

export interface Seen {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly parent: number;
  /** When it was started, in the kernel's ticks. */
  readonly born: number;
}

/** All processes of the sandbox but the agent, the supervisors and the one that looks. */
export async function processes(sandbox: Sandbox): Promise<Seen[]> {
  const lines = (await textOf(sandbox, python(`
me = {os.getpid(), os.getppid()}
for path in glob.glob('/proc/[0-9]*/stat'):
    try: text = open(path, 'rb').read().decode('latin1')
    except OSError: continue
    if int(text.split()[0]) not in me: print(text.strip())
`))).split('\n').filter(Boolean);
  return lines.flatMap((line) => {
    const [, pid = '', name = '', rest = ''] = /^(\d+) \((.*)\) (.*)$/.exec(line) ?? [];
    const [state = '', parent = '', ...more] = rest.split(' ');
    return name === 'agent' ? [] : [{ pid: Number(pid), name, state, parent: Number(parent), born: Number(more[17]) }];
  });
}

/** A session must still do what it is for. */
export async function stillWorks(sandbox: Sandbox): Promise<void> {
  const { exit, stdout } = await run(sandbox, 'echo works; exit 7');
  expect([exit.kind, stdout.toString()]).to.deep.equal(['exited', 'works\n']);
}
