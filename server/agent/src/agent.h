/* What the files of the agent share. The protocol is described in ../README.md. */
#ifndef AGENT_H
#define AGENT_H

#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum { PROTOCOL_VERSION = 2 };

/* The types of frames. The daemon sends those below 64. */
enum frame_type {
    START = 1, DATA, END, CREDIT, SIGNAL, KILL, RESIZE,
    READ, WRITE, MAKE_DIRECTORY, COPY, REMOVE, LIST, STATUS, FACTS, FIND, RELEASE,
    LISTEN, CONNECT, CLOSE, WATCH_PORTS,
    HELLO = 64, STARTED, FAILED, OUTPUT, EXIT, GONE, TAKEN, DONE, ENTRIES, LOST, HELD_BACK, RELEASED, SIGNALED,
    OPENED, ACCEPTED, ENDED, CLOSED, PORTS,
};

/* In OUTPUT: where the bytes come from. */
enum stream { CONTENT, STANDARD_OUTPUT, STANDARD_ERROR, TERMINAL };

enum {
    HEADER_BYTES = 9,
    /* The most that one frame carries, but for START, which may carry a long command line. */
    MAX_PAYLOAD = 64 * 1024 + 16,
    MAX_START_PAYLOAD = 8 * 1024 * 1024,
    /* So many bytes of input may be on their way to a program. */
    STDIN_WINDOW = 64 * 1024,
    /* The same for a connection. */
    RELAY_WINDOW = 128 * 1024,
    /* So many bytes of output are passed on at once. */
    OUTPUT_CHUNK = 64 * 1024,
    MAX_PATH = 4096,
};

/* wire.c: frames to and from the daemon. */
void wire_open(int input, int output);
/* Reads the key, which comes before the first frame. From now on each frame has a seal, in both directions. */
void wire_seal(int input);
/* For a child of the agent: it has nothing to say to the daemon, and if it gives up it ends alone, with an errno as its exit code. */
void wire_leave(void);
/* Reads what is there and handles each complete frame. Exits when the daemon has gone. */
void wire_receive(void);
/* Writes what waits, as far as the stream takes it. */
void wire_send(void);
bool wire_waits(void);
int wire_input(void);
int wire_output(void);
/* A place for `size` bytes of payload in the next frame, or NULL while too much waits. `wire_commit` sends it. */
uint8_t *wire_reserve(size_t size);
void wire_commit(enum frame_type type, uint32_t channel, size_t size);
/* For small frames, which are never refused. */
void wire_put(enum frame_type type, uint32_t channel, const void *payload, size_t size);
/* Ends the agent, and with it the sandbox, because it can't go on as it must. */
_Noreturn void give_up(const char *why);

/* A payload that is being read. Reading over its end sets `broken`. */
struct reader {
    const uint8_t *at, *end;
    bool broken;
};
uint8_t read_u8(struct reader *reader);
uint16_t read_u16(struct reader *reader);
uint32_t read_u32(struct reader *reader);
uint64_t read_u64(struct reader *reader);
/* A string that is ended by NUL. It lies in the payload. */
const char *read_text(struct reader *reader);
uint8_t *put_u32(uint8_t *at, uint32_t value);
uint8_t *put_u64(uint8_t *at, uint64_t value);

/* main.c */
void handle(enum frame_type type, uint32_t channel, struct reader reader);

/* seal.c */
enum { SEAL_KEY_BYTES = 32, SEAL_BYTES = 16 };
void seal_with(const uint8_t key[SEAL_KEY_BYTES]);
/* `number` counts the frames of a direction from 0. */
void seal_frame(bool from_agent, uint64_t number, const uint8_t *frame, size_t size, uint8_t tag[SEAL_BYTES]);

/* command.c, course.c, streams.c, launch.c: programs, from their start until nothing of them lives. */
void command_start(uint32_t channel, struct reader *reader);
/* Each of these does nothing where no command has the channel. */
void command_input(uint32_t channel, const uint8_t *bytes, size_t size);
void command_end_input(uint32_t channel);
void command_credit(uint32_t channel, uint32_t bytes);
/* SIGNALED tells whether the program was there to get it. */
void command_signal(uint32_t channel, int number);
void command_kill(uint32_t channel);
/* Lets a program go that was held. RELEASED tells whether it goes. */
void command_release(uint32_t channel);
void command_resize(uint32_t channel, uint16_t cols, uint16_t rows);
/* Called in each turn of the loop: moves bytes, tells of ends, kills what is to be killed. */
void commands_turn(void);
/* Reaps processes that have ended. */
void commands_reap(void);
/* Passes on all beginnings of lines that wait, as far as there is room. */
void commands_pass_begun(void);

/* supervisor.c: the process between the agent and one program. */
struct launch {
    uint32_t channel;
    char *const *argv;
    char *const *env;
    const char *directory;
    /* Where the program is to be held (hold.c). NULL: nowhere. */
    const char *held_at;
    /* From here the supervisor of a held program reads what is to become of it: one of the orders below. */
    int orders;
    /* The program's own ends of its streams. On a terminal all are the same. */
    int input, output, error;
    bool terminal;
    bool merged; /* its stderr is its stdout, so that the kernel keeps the order of both */
    uint16_t cols, rows;
};
enum order { ORDER_GO = 'g', ORDER_END = 'e' };
enum stage { STAGE_START, STAGE_FORK, STAGE_DIRECTORY, STAGE_PROGRAM, STAGE_TERMINAL, STAGE_HOLD };
/* What a supervisor reports, in one write. */
struct report {
    enum { REPORT_STARTED, REPORT_FAILED, REPORT_ENDED, REPORT_HELD, REPORT_RELEASED } kind;
    uint32_t channel;
    int32_t pid;
    int32_t value; /* an errno, or the status that wait gave, or whether a held program goes on */
    int32_t stage;
    uint64_t cpu_us;
    uint64_t largest; /* the most memory of one process: of the program, or of those that it has waited for */
};
/* The child process of the agent. Does not return. */
_Noreturn void supervise(const struct launch *launch, int reports);

/* end.c: how a program has ended, where its supervisor does not tell. */
/* Whether the agent can see it in /proc. gVisor writes no exit codes there. */
bool end_can_be_seen(void);

/* hold.c: a program that is held before it opens its file. */
/* In the child that is to become the program: its parent will trace it. */
bool hold_asked(void);
/* Begins to trace it, until it names the path. Returns false where that can't be done. */
bool hold_begin(pid_t program, const char *path);
/* Whether it traces a program now. */
bool hold_traces(void);
/* A traced thread has stopped. Returns true when the whole program is held from now on. */
bool hold_stopped(pid_t thread, int status);
void hold_thread_ended(pid_t thread);
/* Remembers how the program looks, and later tells whether it and its directory still look the same. */
void hold_look(const char *directory);
bool hold_unchanged(const char *directory);
void hold_release(void);

/* portrait.c: whether a program that is held is as it was. */
/* Returns false if the paths are too many. */
bool portrait_remember(const char *path);
/* Forgets the paths that can't change. */
void portrait_settle(void);
/* `likeness` differs where something has happened. `signaled`: a signal waits for it. The first thread is the main one. `wanted` is its file. */
struct portrait { uint64_t likeness; bool signaled; };
struct portrait portrait_take(const pid_t *threads, size_t count, const char *directory, const char *wanted);

/* tree.c: what descends from a process. */
/* Kills each descendant of `root`. If some start others at this moment, it may need another call. `group`: a group of processes that are all descendants, or 0. */
void tree_kill(pid_t root, pid_t group);
/* Sends a signal to each descendant. */
void tree_signal(pid_t root, int signal);

/* files.c, write.c: the file commands. */
void file_request(enum frame_type type, uint32_t channel, struct reader *reader);
/* Whether a file is being written on this channel. */
bool file_has(uint32_t channel);
void file_data(uint32_t channel, const uint8_t *bytes, size_t size);
void file_end(uint32_t channel);
/* Nothing more comes of a file that is being written: one that is replaced stays as it was, and nothing of a new one is left. Returns false where no file is being written. */
bool file_give_up(uint32_t channel);
/* Goes on with what takes more than one turn. */
void files_turn(void);
/* Opens a regular file that is not the kernel's. Returns -1 and sets errno. */
int open_regular(const char *path, int flags, mode_t mode);

/* relay.c, connection.c: connections between programs and the daemon. */
void relay_listen(uint32_t channel, uint16_t port, uint32_t credit);
void relay_connect(uint32_t channel, uint16_t port, uint32_t credit);
/* Whether the channel is that of a connection. */
bool relay_has(uint32_t channel);
void relay_data(uint32_t channel, const uint8_t *bytes, size_t size);
void relay_end(uint32_t channel);
void relay_credit(uint32_t channel, uint32_t bytes);
/* Ends a connection, or takes no more of them at a port. */
void relay_close(uint32_t channel);
bool relay_listens_at(uint16_t port);
void relay_turn(void);

/* ports.c: the ports on which programs listen. */
void ports_watch(uint32_t channel);
/* Returns false where it is not the channel of the watch. */
bool ports_close(uint32_t channel);
void ports_turn(void);

/* facts.c: what is in force in this sandbox. */
void facts_send(uint32_t channel, enum frame_type type);
/* Whether gVisor answers the system calls: it says so where nobody inside can write. */
bool under_gvisor(void);
struct memory_events { uint64_t kills, peak; };
struct memory_events facts_memory(void);
/* How many processes of the sandbox the kernel has ended because memory ran out. */
uint64_t facts_kills(void);

/* confine.c: what the agent does to itself, and so to all that it starts. */
void become_user(const char *text);
void limit_processes(const char *text);
/*
 * Has the kernel give the processor to the agent before it gives it to programs, however many want it: by the highest
 * priority, where whoever has started the sandbox allows that, and by short turns, which come earlier and are no more of
 * them. Programs begin with the usual priority, and may not raise it.
 */
void come_first(void);
void filter_system_calls(void);
/* If memory runs out the kernel shall take a program, and not the agent. `open_offer` must be called while the agent can still be read. */
void open_offer(void);
/* While it is offered, so is what is forked. */
void offer_to_kernel(bool offered);
/* Puts the calling process into a Landlock domain of its own. Returns 0 where the kernel has none. */
int enter_domain(void);
int landlock_version(void);
/* Whether programs in two domains can't trace one another. */
bool keeps_strangers_apart(void);

/* base.c */
void *allocate(size_t size);
/* Where programs are looked for if there is no PATH. */
extern const char default_path[];
/* Closes every descriptor from `first` on. */
void close_from(int first);
extern char **environ;

#endif
