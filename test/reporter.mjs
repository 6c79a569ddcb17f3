/**
 * Mocha's spec reporter, and a last line that is always printed: however the process ends, it says how many tests have
 * passed, failed and been skipped, and the exit code agrees with it. With CI=true, a skipped test is a failure of the run.
 */
import Mocha from 'mocha';
import { writeSync } from 'node:fs';
import { keptAlive } from './alive.mjs';

const { env } = process;
const ci = env.CI === 'true';
/** The process is ended if it still runs this long after its last test. */
const hangMs = Number(env.CODEBEAKER_HANG_MS ?? 10_000);

/** The checks that run.sh has made before it started mocha are counted too. */
const tally = {
  passed: Number(env.CODEBEAKER_CHECKS_PASSED ?? 0),
  failed: Number(env.CODEBEAKER_CHECKS_FAILED ?? 0),
  skipped: 0,
};
/** Why tests were skipped → how many. */
const reasons = new Map();

/**
 * Prints why tests were skipped, and the last line. If no test has failed and an exit code is not 0, something else has gone wrong, which counts as
 * one failure: a test file could not be loaded, something was thrown after the tests, the process hung, or there was no test.
 */
function lastWord(code) {
  if (tally.failed === 0 && (code !== 0 || (process.exitCode ?? 0) !== 0)) tally.failed = 1;
  process.exitCode = tally.failed > 0 || (ci && tally.skipped > 0) ? 1 : 0;
  const lines = [...reasons].sort(([, one], [, other]) => other - one).map(([reason, count]) => `  ${count === 1 ? '1 test needs' : `${count} tests need`} ${reason}\n`);
  if (lines.length > 0) writeSync(1, `\nSkipped, because this machine lacks what the tests need:\n${lines.join('')}\n`);
  writeSync(1, `${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`);
}

process.on('exit', lastWord);

/** Mocha emits unhandled rejections as an event, and goes on if nobody listens to it. */
process.on('unhandledRejection', (reason) => {
  throw reason;
});

/** What `need` of require.ts has left at the test, or at the innermost suite around it. */
function reasonOf(place) {
  if (place === undefined) return 'a body: nobody has written the test yet';
  return place.lacks ?? reasonOf(place.parent);
}

function endHang() {
  const held = keptAlive().map((line) => `  ${line}\n`).join('');
  writeSync(1, `\nThe process still runs ${hangMs} ms after the last test. It is kept alive by:\n${held}`);
  process.exit(1);
}

export default class Reporter extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_PASS, () => (tally.passed += 1));
    runner.on(EVENT_TEST_FAIL, () => (tally.failed += 1));
    runner.on(EVENT_TEST_PENDING, (test) => {
      const reason = reasonOf(test);
      tally.skipped += 1;
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    });
  }

  /**
   * `report` adds a listener of mocha's own to the exit, which sets the exit code. `lastWord` has to come after it.
   * Mocha's listener to uncaught exceptions would throw from now on, and the process would end without the last line.
   */
  done(failures, report) {
    process.removeAllListeners('uncaughtException');
    process.off('exit', lastWord);
    report(failures);
    process.on('exit', lastWord);
    setTimeout(endHang, hangMs).unref();
  }
}
