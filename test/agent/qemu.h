/* QEMU has no child subreapers where it runs a single program and no kernel. There, the agent asks for something that it has. */
#include <sys/prctl.h>
#undef PR_SET_CHILD_SUBREAPER
#define PR_SET_CHILD_SUBREAPER PR_SET_TIMERSLACK
