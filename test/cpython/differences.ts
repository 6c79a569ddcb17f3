/** Where tests of CPython's suite say something else in a session than without one, and why that is so. */
import type { Known } from './compare.ts';

export const known: readonly Known[] = [
  {
    reason: 'A native sandbox has an /etc/group of its own with the groups root and sandbox, and none of those that the test looks for.',
    runtimes: ['native'],
    plain: 'ok',
    sandbox: 'skipped',
    tests: ['test_subprocess.POSIXProcessTestCase.test_extra_groups', 'test_subprocess.POSIXProcessTestCase.test_group'],
  },
  {
    reason: 'A native sandbox has no /etc/shadow, so that it tells nothing about the users of the host.',
    runtimes: ['native'],
    plain: 'skipped',
    sandbox: 'error',
    tests: ['test_spwd.TestSpwdNonRoot.test_getspnam_exception'],
  },
  {
    reason: 'The engine gives a container without a network no /etc/hosts, so that localhost does not resolve.',
    runtimes: ['docker'],
    plain: 'ok',
    sandbox: 'error',
    tests: [
      'test_httplib.BasicTest.test_large_content_length', 'test_httplib.BasicTest.test_large_content_length_truncated', 'test_httplib.BasicTest.test_response_fileno',
      'test_httplib.HTTPSTest.test_local_bad_hostname', 'test_httplib.HTTPSTest.test_local_good_hostname', 'test_httplib.HTTPSTest.test_local_unknown_cert',
      'test_httplib.SourceAddressTest.testHTTPConnectionSourceAddress', 'test_httplib.SourceAddressTest.testHTTPSConnectionSourceAddress',
      'test_httplib.TimeoutTest.testTimeoutAttribute',
    ],
  },
];
