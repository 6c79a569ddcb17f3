/* What every file needs. */
#include "agent.h"
#include <stdlib.h>

/* Memory that is zero. Where there is none the agent ends: it can't keep its promises. */
void *allocate(size_t size) {
    void *memory = calloc(1, size);
    if (!memory) give_up("no memory is left for the agent");
    return memory;
}
