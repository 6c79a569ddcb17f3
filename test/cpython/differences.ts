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
    reason: 'The system of a sandbox is mounted read-only. To remove a file that is not there then fails with EROFS, which these tests do not expect.',
    runtimes: ['docker', 'native'],
    plain: 'ok',
    sandbox: 'error',
    tests: [
      'test_runpy.RunModuleTestCase.test_run_module', 'test_runpy.RunModuleTestCase.test_run_module_alter_sys',
      'test_runpy.RunModuleTestCase.test_run_module_in_namespace_package', 'test_runpy.RunModuleTestCase.test_run_name',
      'test_runpy.RunModuleTestCase.test_run_namespace_package', 'test_runpy.RunModuleTestCase.test_run_namespace_package_in_namespace_package',
      'test_runpy.RunModuleTestCase.test_run_package', 'test_runpy.RunModuleTestCase.test_run_package_alter_sys',
      'test_runpy.RunModuleTestCase.test_run_package_in_namespace_package', 'test_import.ImportTests.test_import',
      'test_import.PycacheTests.test___cached__', 'test_import.PycacheTests.test___cached___legacy_pyc',
      'test_import.PycacheTests.test_import_pyc_path', 'test_import.PycacheTests.test_missing_source',
      'test_import.PycacheTests.test_missing_source_legacy', 'test_import.PycacheTests.test_package___cached__',
      'test_import.PycacheTests.test_package___cached___from_pyc', 'test_import.PycacheTests.test_recompute_pyc_same_second',
      'test_import.PycacheTests.test_unwritable_directory', 'test_support.TestSupport.test_forget',
      'test_doctest.TestDocTestFinder.test_empty_namespace_package',
    ],
  },
];
