/* The commands, and what the daemon asks of each. */
#include "command.h"
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

struct command *commands;
uint32_t launches;

struct command *command_find(uint32_t channel) {
    struct command *each = commands;
    while (each && each->channel != channel) each = each->next;
    return each;
}

void command_fail(uint32_t channel, int error, enum stage stage) {
    uint8_t payload[5];
    *put_u32(payload, (uint32_t)error) = (uint8_t)stage;
    wire_put(FAILED, channel, payload, sizeof payload);
}

static void close_orders(struct command *command) {
    if (command->orders >= 0) close(command->orders);
    command->orders = -1;
}

void command_order(struct command *command, enum order what) {
    char byte = (char)what;
    if (command->orders >= 0 && write(command->orders, &byte, 1) < 0) { /* The supervisor has ended, which is noticed. */ }
    close_orders(command);
}

void command_forget(struct command *command) {
    struct command **link = &commands;
    while (*link != command) link = &(*link)->next;
    *link = command->next;
    close_input(command);
    for (int at = 0; at < 2; at++) {
        close_source(&command->sources[at]);
        free(command->sources[at].begun);
    }
    close_orders(command);
    end_forget(command);
    free(command);
}

struct settings settings_of(const struct command *command) {
    struct settings settings;
    memset(&settings, 0, sizeof settings);
    if (!command->terminal) return settings;
    tcgetattr(command->sources[0].fd, &settings.modes);
    ioctl(command->sources[0].fd, TIOCGWINSZ, &settings.size);
    return settings;
}

/* Its terminal is as it was, and can be opened. A program can have stopped the output, which no setting tells, and which is undone. */
static bool has_own_settings(const struct command *command) {
    if (!command->terminal) return true;
    int slave = open_slave(command->sources[0].fd);
    if (slave < 0) return false;
    tcflow(slave, TCOON);
    close(slave);
    struct settings now = settings_of(command);
    return memcmp(&now, &command->settings, sizeof now) == 0;
}

bool others_live(void) {
    for (struct command *each = commands; each; each = each->next) {
        if (!each->held && each->supervisor) return true;
    }
    return false;
}

void command_credit(uint32_t channel, uint32_t bytes) {
    struct command *command = command_find(channel);
    if (command) command->credit += bytes;
}

void command_signal(uint32_t channel, int number) {
    const struct command *command = command_find(channel);
    if (!command) return;
    uint8_t reached = command->started && !command->ended && !end_has_come(command) && kill(-command->program, number) == 0;
    wire_put(SIGNALED, channel, &reached, sizeof reached);
}

void command_resize(uint32_t channel, uint16_t cols, uint16_t rows) {
    const struct command *command = command_find(channel);
    if (!command || !command->terminal || command->sources[0].fd < 0) return;
    struct winsize size = {.ws_col = cols, .ws_row = rows};
    ioctl(command->sources[0].fd, TIOCSWINSZ, &size);
    /* Linux tells the programs in the foreground. gVisor tells nobody, nor who is in the foreground; others ignore the signal. */
    if (command->supervisor && under_gvisor()) tree_signal(command->supervisor, SIGWINCH);
}

void command_tell_released(const struct command *command, bool goes) {
    uint8_t payload = goes;
    wire_put(RELEASED, command->channel, &payload, sizeof payload);
}

void command_kill(uint32_t channel) {
    struct command *command = command_find(channel);
    if (!command) return;
    pass_all_begun(command);
    for (int at = 0; at < 2; at++) command->sources[at].begun_size = 0;
    /* What it has written is not passed on any more. Its pipes stay open, so that nothing but the signal ends it. */
    command->killing = true;
    command_order(command, ORDER_END);
}

void command_release(uint32_t channel) {
    struct command *command = command_find(channel);
    if (!command || !command->held) return;
    /* Without Landlock any other program can have changed it. */
    bool alone = command->others == launches && !command->crowded;
    bool trusted = (keeps_strangers_apart() || alone) && has_own_settings(command);
    command_order(command, trusted ? ORDER_GO : ORDER_END);
    command->held = false;
    launches++;
    if (!trusted) command_tell_released(command, false);
}
