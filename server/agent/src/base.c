/* What every file needs. */
#include "agent.h"
#include <limits.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Memory that is zero. Where there is none the agent ends: it can't keep its promises. */
void *allocate(size_t size) {
    void *memory = calloc(1, size);
    if (!memory) give_up("no memory is left for the agent");
    return memory;
}

const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

void close_from(int first) {
    if (syscall(SYS_close_range, first, INT_MAX, 0) == 0) return;
    struct rlimit limit;
    int end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int)limit.rlim_cur : 65536;
    for (int fd = first; fd < end; fd++) close(fd);
}
