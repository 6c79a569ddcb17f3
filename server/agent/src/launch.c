/* The start of a command: its environment, its streams, and its supervisor. */
#include "command.h"
#include "loop.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    /* Descriptors of the agent that are never given to the streams of programs: files and trees need them. */
    SPARE_DESCRIPTORS = 32,
    /* So much output waits in the pipe of a program before it has to wait. More than one chunk, so that whole chunks can be read. */
    OUTPUT_PIPE_BYTES = 256 * 1024,
};

static int reports[2] = {-1, -1};

int reports_descriptor(void) { return reports[0]; }

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
    /* A kernel that gives this user no more pages leaves the pipe as it is. */
    if (reading) fcntl(*mine, F_SETPIPE_SZ, OUTPUT_PIPE_BYTES);
    fcntl(*mine, F_SETFL, O_NONBLOCK);
    return true;
}

int open_slave(int master) {
    int number = 0;
    if (ioctl(master, (int)TIOCGPTN, &number) < 0) return -1;
    char path[32];
    snprintf(path, sizeof path, "/dev/pts/%d", number);
    return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static bool open_terminal(struct command *command, struct launch *launch) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0) return false;
    command->sources[0] = (struct source){.fd = master, .stream = TERMINAL};
    command->input = master;
    int unlocked = 0;
    if (ioctl(master, TIOCSPTLCK, &unlocked) < 0) return false;
    int slave = open_slave(master);
    if (slave < 0) return false;
    struct winsize size = {.ws_col = launch->cols, .ws_row = launch->rows};
    ioctl(slave, TIOCSWINSZ, &size);
    command->settings = settings_of(command);
    launch->input = launch->output = launch->error = slave;
    return leaves_some(slave);
}

static bool open_outputs(struct command *command, struct launch *launch) {
    if (!open_pipe(&command->sources[0].fd, &launch->output, true)) return false;
    if (!launch->merged) return open_pipe(&command->sources[1].fd, &launch->error, true);
    launch->error = launch->output;
    return true;
}

static bool open_streams(struct command *command, struct launch *launch, bool with_input) {
    if (launch->terminal) return open_terminal(command, launch);
    if (with_input) {
        if (!open_pipe(&command->input, &launch->input, false)) return false;
    } else {
        launch->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (launch->input < 0) return false;
    }
    return open_outputs(command, launch);
}

static void close_theirs(const struct launch *launch) {
    if (launch->orders >= 0) close(launch->orders);
    if (launch->input >= 0) close(launch->input);
    if (launch->terminal) return;
    if (launch->output >= 0) close(launch->output);
    if (launch->error >= 0 && launch->error != launch->output) close(launch->error);
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

void command_start(uint32_t channel, struct reader *reader) {
    uint8_t flags = read_u8(reader);
    struct launch launch = {.channel = channel, .orders = -1, .input = -1, .output = -1, .error = -1, .terminal = flags & 2, .merged = flags & 8};
    launch.cols = read_u16(reader);
    launch.rows = read_u16(reader);
    uint32_t credit = read_u32(reader);
    uint32_t words = read_u32(reader);
    uint32_t variables = read_u32(reader);
    size_t size = (size_t)(reader->end - reader->at);
    if (reader->broken || words == 0 || words > size || variables > size || command_find(channel)) give_up("the daemon asked for a program that makes no sense");
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
        .orders = -1, .watch = -1, .watch_poll = -1, .held = launch.held_at != NULL, .others = launches, .crowded = launch.held_at && !under_gvisor() && others_live(),
        .sources = {{.fd = -1, .stream = STANDARD_OUTPUT}, {.fd = -1, .stream = STANDARD_ERROR}},
    };
    commands = command;
    if (!command->held) launches++;
    enum stage stage;
    if (!launch_command(command, &launch, flags & 1, &stage)) {
        command_fail(channel, errno, stage);
        command_forget(command);
    }
    close_theirs(&launch);
    free(argv);
    free(env);
}
