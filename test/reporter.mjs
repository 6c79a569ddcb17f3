/**
 * Mocha's spec reporter with the last word: when the process ends, however it ends, one plain line with the
 * counts and an exit code that agrees with it. In CI a skipped test is no success.
 */
import Mocha from 'mocha';
import { writeSync } from 'node:fs';

const { env } = process;
const ci = env.CI === 'true';
/** How long a process may live on after its last test. */
const hangMs = Number(env.CODEBEAKER_HANG_MS ?? 10_000);

/** What ran before mocha counts too: run.sh tells. */
const tally = {
  passed: Number(env.CODEBEAKER_CHECKS_PASSED ?? 0),
  failed: Number(env.CODEBEAKER_CHECKS_FAILED ?? 0),
  skipped: 0,
};

/** One of the codes is not 0 when something other than a test went wrong: a file that does not load, a late throw, a hang, no test at all. */
function lastWord(code) {
  if (tally.failed === 0 && (code !== 0 || (process.exitCode ?? 0) !== 0)) tally.failed = 1;
  process.exitCode = tally.failed > 0 || (ci && tally.skipped > 0) ? 1 : 0;
  writeSync(1, `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`);
}

process.on('exit', lastWord);

/** Mocha hands rejections on to whoever listens, and is content when nobody does. */
process.on('unhandledRejection', (reason) => {
  throw reason;
});

function endHang() {
  const held = process.getActiveResourcesInfo().join(', ');
  writeSync(1, `\nThe process goes on ${hangMs} ms after the last test. It is held by: ${held}\n`);
  process.exit(1);
}

export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_PASS, () => (tally.passed += 1));
    runner.on(EVENT_TEST_FAIL, () => (tally.failed += 1));
    runner.on(EVENT_TEST_PENDING, () => (tally.skipped += 1));
  }

  /**
   * Mocha sets the exit code in an exit listener of its own, added by `report`: ours comes after it.
   * Its listener for what nobody caught would now throw again, and the process would end without a last word.
   */
  done(failures, report) {
    process.removeAllListeners('uncaughtException');
    process.off('exit', lastWord);
    report(failures);
    process.on('exit', lastWord);
    setTimeout(endHang, hangMs).unref();
  }
}
