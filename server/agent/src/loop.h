/* What the loop of the agent waits for in each turn. */
#ifndef LOOP_H
#define LOOP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

/* Returns the place of the descriptor in this turn, for `poll_result`. */
int poll_add(int fd, short events);
/* Whether something has happened to it. */
bool poll_result(int place);
/* The loop goes on at this time at the latest. */
void wake_at(int64_t ms);
/* By a clock that never jumps. */
int64_t now_ms(void);
int64_t now_us(void);

/* Each part says here what it waits for. */
void commands_poll(void);
void relay_poll(void);
void ports_poll(void);
bool files_wait(void);

#endif
