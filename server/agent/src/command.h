/* A command, as the files that handle commands know it. */
#ifndef COMMAND_H
#define COMMAND_H

#include "agent.h"
#include <sys/ioctl.h>
#include <termios.h>

/* One of the streams that a program writes to. */
struct source {
    int fd; /* -1: at its end */
    enum stream stream;
    /* When the program has ended: so much was in the pipe then. */
    size_t left;
    /* Until then it is not read: a program that prints a little at a time, without end, would wake the agent and the daemon each time. */
    int64_t rest_until;
    int rest; /* how long it rested last, in milliseconds; 0: not at all */
    bool small; /* what was read last */
    /* What was read and does not end a line. It waits for the rest of the line, until then (in microseconds). It has its credit already. */
    uint8_t *begun;
    size_t begun_size;
    int64_t begun_until;
    /* It prints on and on without ending a line: until then (in microseconds) nothing waits. */
    int64_t endless_until;
    int poll;
};

struct command {
    struct command *next;
    uint32_t channel;
    pid_t supervisor; /* 0: it has ended, so nothing of the command lives */
    pid_t program;
    bool terminal;
    bool started, ended, told; /* told: of its end */
    bool killing;
    int orders; /* to the supervisor of a program that is held, or -1 */
    bool held;
    /* Of a held program: how many others had been started before it, and whether any of them lived. */
    uint32_t others;
    bool crowded;
    /* The settings that its terminal began with. Other programs can open it. */
    struct settings { struct termios modes; struct winsize size; } settings;
    /* Tells when the program has ended (a pidfd), or -1. */
    int watch;
    int watch_poll;
    int64_t look_at; /* it has ended: so long its supervisor has to tell how. 0: not yet */
    struct report end;
    uint64_t kills; /* for want of memory, until the start */
    uint32_t credit;
    struct source sources[2];
    int input; /* -1: closed */
    int input_poll;
    uint8_t *pending;
    size_t pending_begin, pending_size;
    bool input_ended;
    int64_t sweep_at, kill_until; /* 0: not yet */
    int stops;
    int64_t drop_at;
};

/* All that have not been forgotten. */
extern struct command *commands;
/* How many programs have been started that were not to be held. */
extern uint32_t launches;

/* command.c */
/* Returns NULL where no command has the channel. */
struct command *command_find(uint32_t channel);
void command_forget(struct command *command);
/* Tells that the program could not be started. */
void command_fail(uint32_t channel, int error, enum stage stage);
/* Tells the supervisor of a program that is held what is to become of it. */
void command_order(struct command *command, enum order what);
struct settings settings_of(const struct command *command);
/* Tells whether a program that was held goes on. */
void command_tell_released(const struct command *command, bool goes);
/* Whether any program lives that is not held. */
bool others_live(void);

/* launch.c */
/* The descriptor on which supervisors report, or -1 as long as none has been started. */
int reports_descriptor(void);
/* Opens the end of a terminal that is for programs. Returns -1 where that can't be. */
int open_slave(int master);

/* end.c */
/* From now on the agent learns when the program ends, where the kernel can tell that. */
void end_watch(struct command *command);
void end_poll(struct command *command);
/* Whether it has ended, as far as can be seen now. */
bool end_has_come(const struct command *command);
/* Whether it has ended, and its supervisor has not told in time. `report` is what the supervisor would have reported. */
bool end_seen(struct command *command, struct report *report);
void end_forget(struct command *command);

/* streams.c: what goes into a program and comes out of it. */
void close_source(struct source *source);
void close_input(struct command *command);
/* Writes what waits to stdin, and tells how much the program has taken. */
void feed(struct command *command);
/* Whether what the program writes is wanted now. */
bool may_read(const struct command *command, const struct source *source);
/* Whether there is room for what can be read next, and for what goes before it. */
bool has_room(struct command *command, const struct source *source);
/* Passes on a piece of what the program has written, if it ends a line or no more of that comes soon. */
void pump(struct command *command, struct source *source);
/* Passes on the beginning of a line that waits. Returns whether none waits any more. */
bool pass_begun(struct command *command, struct source *source);
/* The same for both streams, as far as there is room. */
void pass_all_begun(struct command *command);
/* The same as pass_begun, if it has waited long enough. */
void pass_overdue(struct command *command, struct source *source);
/* Says when the loop is to look at the beginning of a line that waits. */
void wake_for_begun(const struct command *command, const struct source *source);
/* What processes still print that outlived their program belongs to nobody. */
void drop(struct command *command, struct source *source);

#endif
