/* What becomes of the programs: what their supervisors report, how they end, and how all that is left of them is killed. */
#include "command.h"
#include "files.h"
#include "loop.h"
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    /* No kernel holds more of what was written to a terminal: gVisor holds 132 KiB, Linux far less. */
    TERMINAL_BYTES = 256 * 1024,
    SWEEP_EVERY_MS = 2,
    /* A tree that outlives its kill for so long costs the sandbox. */
    KILL_WITHIN_MS = 5000,
    /* The kernel takes large processes first. One that is smaller than this part of all memory is none of them. */
    SMALL_PART = 16,
    /* Whoever stops a supervisor so often does it on purpose. */
    MAX_STOPS = 100,
};

static int reports_poll;

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

static bool all_is_passed(const struct command *command) {
    const struct source *sources = command->sources;
    return sources[0].left + sources[1].left + sources[0].begun_size + sources[1].begun_size == 0;
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

static void take_end(struct command *command, const struct report *report) {
    command->ended = true;
    command->end = *report;
    end_forget(command);
    for (int at = 0; at < 2; at++) {
        int left = 0;
        struct source *source = &command->sources[at];
        if (source->fd >= 0 && ioctl(source->fd, FIONREAD, &left) == 0) source->left = (size_t)left;
        if (command->terminal && source->fd >= 0) source->left = TERMINAL_BYTES;
    }
}

static void take_report(const struct report *report) {
    struct command *command = command_find(report->channel);
    if (!command) return;
    if (report->kind == REPORT_FAILED) {
        command_fail(command->channel, report->value, (enum stage)report->stage);
        command->ended = command->told = true;
    } else if (report->kind == REPORT_STARTED) {
        uint8_t payload[4];
        put_u32(payload, (uint32_t)report->pid);
        wire_put(STARTED, command->channel, payload, sizeof payload);
        command->started = true;
        command->program = report->pid;
        end_watch(command);
    } else if (report->kind == REPORT_HELD) {
        /* Under gVisor nothing reaches a program before, for a signal ends its start; and who has just ended takes a while to go. */
        command->crowded = command->crowded || others_live();
        /* What it has written so far is told before. */
        for (int at = 0; at < 2; at++) {
            if (may_read(command, &command->sources[at])) pump(command, &command->sources[at]);
        }
        pass_all_begun(command);
        wire_put(HELD_BACK, command->channel, NULL, 0);
    } else if (report->kind == REPORT_RELEASED) {
        command_tell_released(command, report->value != 0);
    } else if (!command->ended) {
        take_end(command, report);
    }
}

static void take_reports(void) {
    struct report report;
    while (read(reports_descriptor(), &report, sizeof report) == (ssize_t)sizeof report) take_report(&report);
}

/* Looks itself where a supervisor does not tell. What that has told meanwhile comes first. */
static void look_for_end(struct command *command) {
    struct report report;
    if (command->ended || !end_seen(command, &report)) return;
    take_reports();
    if (!command->ended) take_end(command, &report);
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
    reports_poll = reports_descriptor() < 0 ? -1 : poll_add(reports_descriptor(), POLLIN);
    for (struct command *each = commands; each; each = each->next) {
        bool resting = each->told && now_ms() < each->drop_at;
        for (int at = 0; at < 2; at++) {
            struct source *source = &each->sources[at];
            bool wanted = each->told ? source->fd >= 0 && !resting : may_read(each, source) && has_room(each, source);
            if (wanted && !each->ended && now_ms() < source->rest_until) {
                wake_at(source->rest_until);
                wanted = false;
            }
            source->poll = wanted ? poll_add(source->fd, POLLIN) : -1;
            wake_for_begun(each, source);
            /* What was in the pipe when the program ended need not be there any more: what it left behind can read it. */
            if (wanted && each->ended && !each->told) wake_at(now_ms());
        }
        if (resting) wake_at(each->drop_at);
        end_poll(each);
        each->input_poll = each->pending_size > 0 && each->input >= 0 ? poll_add(each->input, POLLOUT) : -1;
        if (each->killing && each->supervisor) wake_at(each->sweep_at);
    }
}

void commands_turn(void) {
    if (reports_poll >= 0 && poll_result(reports_poll)) take_reports();
    struct command *next;
    for (struct command *each = commands; each; each = next) {
        next = each->next;
        look_for_end(each);
        if (each->input_poll >= 0 && poll_result(each->input_poll)) feed(each);
        each->input_poll = -1;
        for (int at = 0; at < 2; at++) {
            struct source *source = &each->sources[at];
            bool ready = source->poll >= 0 && poll_result(source->poll);
            source->poll = -1;
            if (ready && each->told) drop(each, source);
            /* The last output of a program that has ended is there, whether the loop has asked for it or not. */
            else if ((ready || each->ended) && may_read(each, source)) pump(each, source);
            pass_overdue(each, source);
        }
        if (each->ended && !each->told && (each->killing || all_is_passed(each))) tell_end(each);
        if (each->killing && each->supervisor) sweep(each);
        if (!each->supervisor && each->told) {
            if (each->started) wire_put(GONE, each->channel, NULL, 0);
            command_forget(each);
        }
    }
}
