/* Programs, from their start until nothing of them lives. */
#include "agent.h"
#include "files.h"
#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
    CHUNK_BYTES = 64 * 1024,
    /* What a program that has ended left behind may still print. It is read and dropped, so fast and no faster. */
    DROP_EVERY_MS = 20,
    SWEEP_EVERY_MS = 2,
    /* A tree that outlives its kill for so long costs the sandbox. */
    KILL_WITHIN_MS = 5000,
    /* The kernel takes large processes first. One that is smaller than this part of all memory is none of them. */
    SMALL_PART = 16,
    /* Whoever stops a supervisor so often does it on purpose. */
    MAX_STOPS = 100,
    /* Descriptors of the agent that are never given to the streams of programs: files and trees need them. */
    SPARE_DESCRIPTORS = 32,
};

/* One of the streams that a program writes to. */
struct source {
    int fd; /* -1: at its end */
    enum stream stream;
    /* When the program has ended: so much was in the pipe then. */
    size_t left;
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
    /* The settings of its terminal, which other programs can open. */
    struct settings { struct termios modes; struct winsize size; } settings;
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

static struct command *commands;
/* How many programs have been started that were not to be held. */
static uint32_t launches;
static int reports[2] = {-1, -1};
static int reports_poll;

static struct command *find(uint32_t channel) {
    struct command *each = commands;
    while (each && each->channel != channel) each = each->next;
    return each;
}

static void fail(uint32_t channel, int error, enum stage stage) {
    uint8_t payload[5];
    *put_u32(payload, (uint32_t)error) = (uint8_t)stage;
    wire_put(FAILED, channel, payload, sizeof payload);
}

static void close_source(struct source *source) {
    if (source->fd >= 0) close(source->fd);
    source->fd = -1;
    source->left = 0;
}

static void close_input(struct command *command) {
    /* On a terminal it is the same descriptor as the output. */
    if (command->input >= 0 && !command->terminal) close(command->input);
    command->input = -1;
    free(command->pending);
    command->pending = NULL;
    command->pending_size = 0;
}

static void close_orders(struct command *command) {
    if (command->orders >= 0) close(command->orders);
    command->orders = -1;
}

static void order(struct command *command, enum order what) {
    char byte = (char)what;
    if (command->orders >= 0 && write(command->orders, &byte, 1) < 0) { /* The supervisor has ended, which is noticed. */ }
    close_orders(command);
}

static void forget(struct command *command) {
    struct command **link = &commands;
    while (*link != command) link = &(*link)->next;
    *link = command->next;
    close_input(command);
    for (int at = 0; at < 2; at++) close_source(&command->sources[at]);
    close_orders(command);
    free(command);
}

/* What the program inherits from the sandbox, and what the daemon sets in addition, each variable once. The texts stay where they are. */
static char **merge_environment(struct reader *reader, uint32_t given) {
    size_t own = 0;
    while (environ[own]) own++;
    char **env = allocate((own + given + 1) * sizeof *env);
    memcpy(env, environ, own * sizeof *env);
    size_t size = own;
    for (uint32_t at = 0; at < given; at++) {
        const char *variable = read_text(reader);
        const char *equals = strchr(variable, '=');
        if (!equals) continue;
        size_t name = (size_t)(equals - variable) + 1;
        size_t place = 0;
        while (place < own && strncmp(env[place], variable, name) != 0) place++;
        env[place < own ? place : size++] = (char *)(uintptr_t)variable;
    }
    return env;
}

/* Returns false and sets errno where too few descriptors would be left. They are given out from the lowest on. */
static bool leaves_some(int fd) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || (rlim_t)fd + SPARE_DESCRIPTORS < limit.rlim_cur) return true;
    errno = EMFILE;
    return false;
}

static bool open_pipe(int *mine, int *theirs, bool reading) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return false;
    if (!leaves_some(ends[1])) {
        close(ends[0]);
        close(ends[1]);
        errno = EMFILE;
        return false;
    }
    *mine = ends[reading ? 0 : 1];
    *theirs = ends[reading ? 1 : 0];
    fcntl(*mine, F_SETFL, O_NONBLOCK);
    return true;
}

static bool open_terminal(struct command *command, struct launch *launch) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0) return false;
    command->sources[0] = (struct source){.fd = master, .stream = TERMINAL};
    command->input = master;
    int unlocked = 0, number = 0;
    if (ioctl(master, TIOCSPTLCK, &unlocked) < 0 || ioctl(master, (int)TIOCGPTN, &number) < 0) return false;
    char path[32];
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    int slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) return false;
    struct winsize size = {.ws_col = launch->cols, .ws_row = launch->rows};
    ioctl(slave, TIOCSWINSZ, &size);
    launch->input = launch->output = launch->error = slave;
    return leaves_some(slave);
}

static bool open_streams(struct command *command, struct launch *launch, bool with_input) {
    if (launch->terminal) return open_terminal(command, launch);
    if (with_input) {
        if (!open_pipe(&command->input, &launch->input, false)) return false;
    } else {
        launch->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (launch->input < 0) return false;
    }
    return open_pipe(&command->sources[0].fd, &launch->output, true) && open_pipe(&command->sources[1].fd, &launch->error, true);
}

static void close_theirs(const struct launch *launch) {
    if (launch->orders >= 0) close(launch->orders);
    if (launch->input >= 0) close(launch->input);
    if (launch->terminal) return;
    if (launch->output >= 0) close(launch->output);
    if (launch->error >= 0) close(launch->error);
}

/* A socket, as for reports. */
static bool open_orders(struct command *command, struct launch *launch) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return false;
    command->orders = ends[0];
    launch->orders = ends[1];
    return true;
}

/* Returns false and sets errno and `stage` if the program can't be started. */
static bool launch_command(struct command *command, struct launch *launch, bool with_input, enum stage *stage) {
    *stage = launch->terminal ? STAGE_TERMINAL : STAGE_START;
    if (reports[0] < 0) {
        /* Unlike a pipe, a socket can't be opened by others through /proc, not even under gVisor. */
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, reports) < 0) return false;
        fcntl(reports[0], F_SETFL, O_NONBLOCK);
    }
    if (launch->held_at && !open_orders(command, launch)) return false;
    if (!open_streams(command, launch, with_input)) return false;
    *stage = STAGE_FORK;
    offer_to_kernel(true);
    pid_t pid = fork();
    if (pid == 0) supervise(launch, reports[1]);
    int error = errno;
    offer_to_kernel(false);
    errno = error;
    command->supervisor = pid;
    return pid > 0;
}

static struct settings settings_of(const struct command *command) {
    struct settings settings;
    memset(&settings, 0, sizeof settings);
    if (!command->terminal) return settings;
    tcgetattr(command->sources[0].fd, &settings.modes);
    ioctl(command->sources[0].fd, TIOCGWINSZ, &settings.size);
    return settings;
}

static bool has_own_settings(const struct command *command) {
    struct settings now = settings_of(command);
    return memcmp(&now, &command->settings, sizeof now) == 0;
}

/* Whether any program lives that is not held. */
static bool others_live(void) {
    for (struct command *each = commands; each; each = each->next) {
        if (!each->held && each->supervisor) return true;
    }
    return false;
}

void command_start(uint32_t channel, struct reader *reader) {
    uint8_t flags = read_u8(reader);
    struct launch launch = {.channel = channel, .orders = -1, .input = -1, .output = -1, .error = -1, .terminal = flags & 2};
    launch.cols = read_u16(reader);
    launch.rows = read_u16(reader);
    uint32_t credit = read_u32(reader);
    uint32_t words = read_u32(reader);
    uint32_t variables = read_u32(reader);
    size_t size = (size_t)(reader->end - reader->at);
    if (reader->broken || words == 0 || words > size || variables > size || find(channel)) give_up("the daemon asked for a program that makes no sense");
    launch.directory = read_text(reader);
    if (flags & 4) launch.held_at = read_text(reader);
    char **argv = allocate((words + 1) * sizeof *argv);
    for (uint32_t word = 0; word < words; word++) argv[word] = (char *)(uintptr_t)read_text(reader);
    char **env = merge_environment(reader, variables);
    if (reader->broken) give_up("the daemon asked for a program that makes no sense");
    launch.argv = argv;
    launch.env = env;
    struct command *command = allocate(sizeof *command);
    *command = (struct command){
        .next = commands, .kills = facts_kills(), .channel = channel, .terminal = launch.terminal, .credit = credit, .input = -1,
        .orders = -1, .held = launch.held_at != NULL, .others = launches, .crowded = !under_gvisor() && others_live(),
        .sources = {{.fd = -1, .stream = STANDARD_OUTPUT}, {.fd = -1, .stream = STANDARD_ERROR}},
    };
    commands = command;
    if (!command->held) launches++;
    enum stage stage;
    if (!launch_command(command, &launch, flags & 1, &stage)) {
        fail(channel, errno, stage);
        forget(command);
    }
    close_theirs(&launch);
    free(argv);
    free(env);
}

/* Writes what waits to stdin, and tells how much the program has taken. */
static void feed(struct command *command) {
    size_t taken = 0;
    while (command->input >= 0 && command->pending_size > 0) {
        ssize_t written = write(command->input, command->pending + command->pending_begin, command->pending_size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) break;
        if (written < 0) {
            /* Nobody reads it any more: what comes is taken and dropped. */
            taken += command->pending_size;
            close_input(command);
            break;
        }
        taken += (size_t)written;
        command->pending_begin += (size_t)written;
        command->pending_size -= (size_t)written;
    }
    if (command->pending_size == 0 && command->input_ended) close_input(command);
    if (taken == 0) return;
    uint8_t payload[4];
    put_u32(payload, (uint32_t)taken);
    wire_put(TAKEN, command->channel, payload, sizeof payload);
}

void command_input(uint32_t channel, const uint8_t *bytes, size_t size) {
    struct command *command = find(channel);
    if (!command || command->told) return;
    if (command->input < 0) {
        uint8_t payload[4];
        put_u32(payload, (uint32_t)size);
        wire_put(TAKEN, channel, payload, sizeof payload);
        return;
    }
    if (!command->pending) command->pending = allocate(STDIN_WINDOW);
    if (command->pending_begin > 0) {
        memmove(command->pending, command->pending + command->pending_begin, command->pending_size);
        command->pending_begin = 0;
    }
    if (command->pending_size + size > STDIN_WINDOW) give_up("the daemon sent more input than was asked for");
    memcpy(command->pending + command->pending_size, bytes, size);
    command->pending_size += size;
    feed(command);
}

void command_end_input(uint32_t channel) {
    struct command *command = find(channel);
    if (!command) return;
    command->input_ended = true;
    feed(command);
}

void command_credit(uint32_t channel, uint32_t bytes) {
    struct command *command = find(channel);
    if (command) command->credit += bytes;
}

void command_signal(uint32_t channel, int number) {
    const struct command *command = find(channel);
    if (command && command->started && !command->ended) kill(-command->program, number);
}

void command_resize(uint32_t channel, uint16_t cols, uint16_t rows) {
    const struct command *command = find(channel);
    if (!command || !command->terminal || command->sources[0].fd < 0) return;
    struct winsize size = {.ws_col = cols, .ws_row = rows};
    ioctl(command->sources[0].fd, TIOCSWINSZ, &size);
    /* Linux tells the programs in the foreground. gVisor tells nobody, nor who is in the foreground; others ignore the signal. */
    if (command->supervisor && under_gvisor()) tree_signal(command->supervisor, SIGWINCH);
}

static void tell_released(const struct command *command, bool goes) {
    uint8_t payload = goes;
    wire_put(RELEASED, command->channel, &payload, sizeof payload);
}

void command_kill(uint32_t channel) {
    struct command *command = find(channel);
    if (!command) return;
    /* What it has written is not passed on any more. Its pipes stay open, so that nothing but the signal ends it. */
    command->killing = true;
    order(command, ORDER_END);
}

void command_release(uint32_t channel) {
    struct command *command = find(channel);
    if (!command || !command->held) return;
    /* Without Landlock any other program can have changed it. */
    bool alone = command->others == launches && !command->crowded;
    bool trusted = (keeps_strangers_apart() || alone) && has_own_settings(command);
    order(command, trusted ? ORDER_GO : ORDER_END);
    command->held = false;
    launches++;
    if (!trusted) tell_released(command, false);
}

/* Kills what descends from the supervisor. It is called again until the supervisor has ended, because nothing is left. */
static void sweep(struct command *command) {
    int64_t now = now_ms();
    if (command->kill_until == 0) command->kill_until = now + KILL_WITHIN_MS;
    if (now > command->kill_until) give_up("what a program had started could not be killed");
    if (now < command->sweep_at) return;
    tree_kill(command->supervisor, command->ended ? 0 : command->program);
    command->sweep_at = now_ms() + SWEEP_EVERY_MS;
}

/*
 * The kernel counts whom it has ended for want of memory in the whole sandbox. If it did so while a program ran, then one
 * that was killed was meant. One that failed otherwise may have lost a child, unless none of its processes was large.
 */
static bool ran_out_of_memory(const struct command *command, struct memory_events memory) {
    int status = command->end.value;
    if (status == 0 || memory.kills <= command->kills) return false;
    return (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) || command->end.largest >= memory.peak / SMALL_PART;
}

static void tell_end(struct command *command) {
    int status = command->end.value;
    struct memory_events memory = facts_memory();
    bool signaled = WIFSIGNALED(status);
    uint8_t payload[22];
    uint8_t *at = payload;
    *at++ = signaled;
    at = put_u32(at, (uint32_t)(signaled ? WTERMSIG(status) : WEXITSTATUS(status)));
    *at++ = ran_out_of_memory(command, memory);
    put_u64(put_u64(at, command->end.cpu_us), memory.peak);
    wire_put(EXIT, command->channel, payload, sizeof payload);
    command->told = true;
    close_input(command);
}

static bool may_read(const struct command *command, const struct source *source) {
    return source->fd >= 0 && !command->told && !command->killing && command->credit > 0 && (!command->ended || source->left > 0);
}

/* Passes on a piece of what the program has written. */
static void pump(struct command *command, struct source *source) {
    size_t limit = command->credit < CHUNK_BYTES ? command->credit : CHUNK_BYTES;
    if (command->ended && source->left < limit) limit = source->left;
    if (limit == 0) return;
    uint8_t *place = wire_reserve(limit + 1);
    if (!place) return;
    ssize_t got = read(source->fd, place + 1, limit);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        /* On a terminal what is left can be less than what was counted. */
        if (command->ended && errno == EAGAIN) source->left = 0;
        return;
    }
    if (got <= 0) {
        close_source(source);
        if (command->terminal) close_input(command);
        return;
    }
    *place = (uint8_t)source->stream;
    wire_commit(OUTPUT, command->channel, (size_t)got + 1);
    command->credit -= (uint32_t)got;
    if (command->ended) source->left -= (size_t)got;
}

/* What processes still print that outlived their program belongs to nobody. */
static void drop(struct command *command, struct source *source) {
    static uint8_t nowhere[CHUNK_BYTES];
    ssize_t got = read(source->fd, nowhere, sizeof nowhere);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) close_source(source);
    command->drop_at = now_ms() + DROP_EVERY_MS;
}

static void take_report(const struct report *report) {
    struct command *command = find(report->channel);
    if (!command) return;
    if (report->kind == REPORT_FAILED) {
        fail(command->channel, report->value, (enum stage)report->stage);
        command->ended = command->told = true;
    } else if (report->kind == REPORT_STARTED) {
        uint8_t payload[4];
        put_u32(payload, (uint32_t)report->pid);
        wire_put(STARTED, command->channel, payload, sizeof payload);
        command->started = true;
        command->program = report->pid;
    } else if (report->kind == REPORT_HELD) {
        command->settings = settings_of(command);
        /* Under gVisor nothing reaches a program before, for a signal ends its start; and who has just ended takes a while to go. */
        command->crowded = command->crowded || others_live();
        /* What it has written so far is told before. */
        for (int at = 0; at < 2; at++) {
            if (may_read(command, &command->sources[at])) pump(command, &command->sources[at]);
        }
        wire_put(HELD_BACK, command->channel, NULL, 0);
    } else if (report->kind == REPORT_RELEASED) {
        tell_released(command, report->value != 0);
    } else {
        command->ended = true;
        command->end = *report;
        for (int at = 0; at < 2; at++) {
            int left = 0;
            struct source *source = &command->sources[at];
            if (source->fd >= 0 && ioctl(source->fd, FIONREAD, &left) == 0) source->left = (size_t)left;
            if (command->terminal && source->fd >= 0) source->left = CHUNK_BYTES;
        }
    }
}

static void take_reports(void) {
    struct report report;
    while (reports[0] >= 0 && read(reports[0], &report, sizeof report) == (ssize_t)sizeof report) take_report(&report);
}

static void supervisor_changed(struct command *command, int status) {
    if (WIFSTOPPED(status)) {
        if (++command->stops > MAX_STOPS) give_up("a program keeps stopping its supervisor");
        kill(command->supervisor, SIGCONT);
    } else if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && command->ended) {
        command->supervisor = 0;
    } else {
        give_up("a program has ended its supervisor, so nobody can tell what became of it");
    }
}

void commands_reap(void) {
    /* A supervisor has reported before it ends. */
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0;) {
        take_reports();
        file_child_changed(pid, status);
        for (struct command *each = commands; each; each = each->next) {
            if (each->supervisor == pid) supervisor_changed(each, status);
        }
    }
}

/* Says what the loop is to wait for. */
void commands_poll(void) {
    reports_poll = reports[0] < 0 ? -1 : poll_add(reports[0], POLLIN);
    for (struct command *each = commands; each; each = each->next) {
        bool resting = each->told && now_ms() < each->drop_at;
        for (int at = 0; at < 2; at++) {
            struct source *source = &each->sources[at];
            bool wanted = each->told ? source->fd >= 0 && !resting : may_read(each, source) && wire_reserve(1);
            source->poll = wanted ? poll_add(source->fd, POLLIN) : -1;
            /* What was in the pipe when the program ended need not be there any more: what it left behind can read it. */
            if (wanted && each->ended && !each->told) wake_at(now_ms());
        }
        if (resting) wake_at(each->drop_at);
        each->input_poll = each->pending_size > 0 && each->input >= 0 ? poll_add(each->input, POLLOUT) : -1;
        if (each->killing && each->supervisor) wake_at(each->sweep_at);
    }
}

void commands_turn(void) {
    if (reports_poll >= 0 && poll_result(reports_poll)) take_reports();
    struct command *next;
    for (struct command *each = commands; each; each = next) {
        next = each->next;
        if (each->input_poll >= 0 && poll_result(each->input_poll)) feed(each);
        each->input_poll = -1;
        for (int at = 0; at < 2; at++) {
            struct source *source = &each->sources[at];
            bool ready = source->poll >= 0 && poll_result(source->poll);
            source->poll = -1;
            if (ready && each->told) drop(each, source);
            /* The last output of a program that has ended is there, whether the loop has asked for it or not. */
            else if ((ready || each->ended) && may_read(each, source)) pump(each, source);
        }
        if (each->ended && !each->told && (each->killing || each->sources[0].left + each->sources[1].left == 0)) tell_end(each);
        if (each->killing && each->supervisor) sweep(each);
        if (!each->supervisor && each->told) {
            if (each->started) wire_put(GONE, each->channel, NULL, 0);
            forget(each);
        }
    }
}
