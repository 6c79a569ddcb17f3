/** Which parts of CPython's test suite are run: modules, and classes of modules. */

/** Those that are run by `npm test`. They take a few seconds at most, and are about what a sandbox could get wrong. */
export const quick: readonly string[] = [
  'test_builtin', 'test_cmd_line', 'test_cmd_line_script', 'test_codecs', 'test_epoll', 'test_fcntl', 'test_file', 'test_fileio',
  'test_genericpath', 'test_getpass', 'test_glob', 'test_grp', 'test_httplib', 'test_httpservers', 'test_ioctl', 'test_json', 'test_locale',
  'test_mmap', 'test_openpty', 'test_os', 'test_pathlib', 'test_platform', 'test_popen', 'test_posix', 'test_posixpath', 'test_pty',
  'test_pwd', 'test_random', 'test_resource', 'test_runpy', 'test_select', 'test_shutil', 'test_site', 'test_stat', 'test_sys', 'test_tempfile', 'test_time',
  'test_unicode', 'test_urllib', 'test_urllib2', 'test_urllib2_localnet', 'test_utf8_mode', 'test_uuid',
];

/** What `npm run test:cpython` runs besides, which takes minutes. */
export const slow: readonly string[] = [
  'test_asyncio.test_base_events', 'test_asyncio.test_events', 'test_asyncio.test_selector_events', 'test_asyncio.test_streams',
  'test_asyncio.test_subprocess', 'test_asyncio.test_tasks', 'test_asyncio.test_unix_events', 'test_asyncore', 'test_atexit', 'test_bz2',
  'test_c_locale_coercion', 'test_cgi', 'test_contextlib', 'test_crypt', 'test_ctypes', 'test_datetime', 'test_dbm', 'test_dbm_dumb', 'test_dbm_gnu',
  'test_doctest', 'test_eintr', 'test_faulthandler', 'test_filecmp', 'test_fileinput', 'test_fork1', 'test_ftplib', 'test_gc', 'test_getopt',
  'test_gzip', 'test_hashlib', 'test_hmac', 'test_import', 'test_interpreters', 'test_io', 'test_lzma', 'test_mailbox',
  'test_multiprocessing_fork.WithProcessesTestPool', 'test_multiprocessing_fork.WithProcessesTestProcess', 'test_multiprocessing_fork.WithProcessesTestQueue',
  'test_multiprocessing_fork.WithProcessesTestSharedMemory', 'test_multiprocessing_main_handling', 'test_netrc', 'test_pdb', 'test_pipes', 'test_poll',
  'test_py_compile', 'test_queue', 'test_readline', 'test_robotparser', 'test_sched', 'test_selectors', 'test_shelve', 'test_signal', 'test_socket',
  'test_socketserver', 'test_spwd', 'test_ssl', 'test_strftime', 'test_struct', 'test_subprocess', 'test_support', 'test_sysconfig', 'test_syslog',
  'test_tarfile', 'test_thread', 'test_threading', 'test_threadsignals', 'test_timeout', 'test_traceback', 'test_urllib_response', 'test_urlparse',
  'test_wait3', 'test_wait4', 'test_weakref', 'test_wsgiref', 'test_zipapp', 'test_zipfile', 'test_zipimport', 'test_zoneinfo',
];

/** What no side runs. */
export const leftOut: readonly string[] = [
  // CPython 3.11 can hang where threads read files while it ends.
  'test.test_threading.ThreadJoinOnShutdown.test_4_daemon_threads',
  // These depend on the network interfaces of the machine, and on what it has installed.
  ...['WithExtModule', 'WithoutExtModule'].flatMap((name) => ['ifconfig', 'ip'].map((tool) => `test.test_uuid.TestInternals${name}.test_${tool}_getnode`)),
];
