/** The contract of a runtime, for native sandboxes whose agent was compiled with sanitizers: none of them may have anything to report. */
import { expect } from 'chai';
import { createNativeRuntime } from '../../server/src/runtime/kinds/native/native.ts';
import type { Runtime, Sandbox } from '../../server/src/runtime/ports.ts';
import { contract, type Subject } from '../runtime/contract/contract.ts';
import { sh } from '../runtime/contract/dialects.ts';
import { create, run } from '../runtime/contract/harness.ts';
import { need } from '../require.ts';
import { controlGroups, interpreters, nativeSubject } from '../runtime/kinds/native/subject.ts';
import { compileSanitized, useCompiled } from './compile.ts';

/** What sanitizers have reported in a sandbox. Where its agent itself has failed, the sandbox is gone, and its test fails. */
async function reportsIn(sandbox: Sandbox): Promise<string> {
  const { stdout } = await run(sandbox, 'cat /dev/shm/sanitizer* 2>/dev/null', { cwd: '/' });
  return stdout.toString();
}

describe('the agent with sanitizers', () => {
  // A limit on the memory of each process leaves no room for what the sanitizers reserve.
  before(need('control groups', controlGroups));
  const agent = useCompiled(compileSanitized);

  const reports: string[] = [];

  /** Looks for reports in each sandbox before it is closed. */
  function watched(runtime: Runtime): Runtime {
    const making = runtime.create.bind(runtime);
    runtime.create = async (spec, context) => {
      const sandbox = await making(spec, context);
      const close = sandbox.close.bind(sandbox);
      sandbox.close = async () => {
        reports.push(await reportsIn(sandbox).catch(() => ''));
        await close();
      };
      return sandbox;
    };
    return runtime;
  }

  async function make(): Promise<Subject> {
    const subject = await nativeSubject((options) =>
      createNativeRuntime({ ...options, findings: async () => ({ ...(await options.findings()), agent: agent.path }) }));
    watched(subject.runtime);
    return subject;
  }

  contract(
    'native, with sanitizers',
    { make, features: { shell: true, pty: true, languages: ['python'], needs: interpreters, enforces: [], links: 'followed', adjusts: true, dialect: sh } },
    ['can', 'life', 'files', 'links', 'programs', 'streams', 'terminals', 'trees', 'connections'],
  );

  it('has really been compiled with them', async () => {
    const subject = await make();
    const sandbox = await create(subject);
    const { stdout } = await run(sandbox, 'grep -c __asan_init /.codebeaker/agent');
    expect(Number(stdout)).to.be.greaterThan(0);
    await sandbox.close();
    await subject.dispose();
  });

  // Mocha runs the tests of inner suites after those of the outer one, in their order.
  describe('after all of that', () => {
    it('has nothing to report', () => {
      expect(reports.length).to.be.greaterThan(10);
      expect(reports.join('')).to.equal('');
    });
  });
});
