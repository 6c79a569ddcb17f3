/** The processor time of processes, as /proc tells it. */
import { expect } from 'chai';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { platform } from 'node:os';
import { join } from 'node:path';
import { ProcessTimes, readRow } from '../../../server/src/runtime/machine/process-times.ts';
import { need } from '../../require.ts';
import { temporaryFolder } from '../../policy/folder.ts';

describe('the processor time of a process and what it has started', () => {
  const proc = temporaryFolder();
  /** Times are in ticks of 10 ms. */
  const put = (pid: number, parent: number, own: number, reaped = 0, begin = 7) => {
    mkdirSync(join(proc(), `${pid}`), { recursive: true });
    writeFileSync(join(proc(), `${pid}`, 'stat'), `${pid} (a ) (b)) S ${parent} 1 1 0 -1 4194304 1 1 1 1 ${own - 1} 1 ${reaped} 0 20 0 1 0 ${begin} 1 1\n`);
  };
  const messageOf = (fault: Error) => fault.message;
  const end = (pid: number) => rmSync(join(proc(), `${pid}`), { recursive: true });

  it('is that of the whole tree and of what has ended in it, and of nobody else', async () => {
    put(10, 1, 5);
    put(11, 10, 20, 3);
    put(12, 11, 2);
    put(99, 1, 1000);
    mkdirSync(join(proc(), 'sys'));
    const cpuMs = new ProcessTimes(proc()).of(10);
    expect(await cpuMs()).to.equal(300);
    end(12);
    put(11, 10, 21, 6);
    expect(await cpuMs()).to.equal(320);
  });

  it('has the time of a process that ends while it is read', async () => {
    put(10, 1, 5);
    let reads = 0;
    const cpuMs = new ProcessTimes(proc(), async () => {
      if (++reads > 1) put(10, 1, 5, 20);
      return reads > 1 ? ['10'] : ['10', '11'];
    }).of(10);
    expect(await cpuMs()).to.equal(250);
  });

  it('does not fall where nobody waits for a process that has ended', async () => {
    put(10, 1, 5);
    put(11, 10, 100);
    const cpuMs = new ProcessTimes(proc()).of(10);
    expect(await cpuMs()).to.equal(1050);
    end(11);
    expect(await cpuMs()).to.equal(1050);
    put(12, 10, 30);
    expect(await cpuMs()).to.equal(1350);
  });

  it('is not told of a process that has ended, also where another one has its number', async () => {
    put(10, 1, 5);
    const cpuMs = new ProcessTimes(proc()).of(10);
    await cpuMs();
    put(10, 1, 900, 0, 8);
    expect(await cpuMs().catch(messageOf)).to.equal('the process has ended');
    end(10);
    expect(await cpuMs().catch(messageOf)).to.equal('the process has ended');
    expect(readRow(10, proc())).to.equal(undefined);
  });

  it('is told of real processes', async function () {
    await need('Linux', () => (platform() === 'linux' ? undefined : 'other systems have no /proc')).call(this);
    const child = spawn('sh', ['-c', 'read line; (i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done); echo; read line'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const cpuMs = new ProcessTimes().of(child.pid ?? 0);
    expect(await cpuMs()).to.be.below(50);
    child.stdin.write('begin\n');
    await once(child.stdout, 'data');
    expect(await cpuMs()).to.be.at.least(10);
    child.stdin.end();
    await once(child, 'exit');
  });
});
