/*
 * The options of the sanitizers, for an agent whose environment has none. Nobody looks for memory that is never freed:
 * that needs ptrace, and the agent forbids it.
 */
#define OPTIONS "detect_leaks=0:exitcode=99:log_path=/dev/shm/sanitizer"

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
const char *__asan_default_options(void) { return OPTIONS; }
const char *__ubsan_default_options(void) { return OPTIONS ":print_stacktrace=1"; }
