/* Tells the daemon on which ports programs listen. It looks only while programs run, and where the daemon wants to know. */
#include "command.h"
#include "loop.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    /* How soon it looks after the start of a program, and how often. */
    FIRST_LOOK_MS = 50,
    LOOK_EVERY_MS = 250,
    MAX_PORTS = 512,
    /* Of a table no more is read: it also has each connection. */
    MAX_TABLE = 128 * 1024,
    /* In a table: a socket that listens. */
    LISTENING = 0x0a,
};

static bool watching;
/* The daemon wants to hear which they are now. */
static bool asked;
static uint32_t watcher;
static uint16_t told[MAX_PORTS], found[MAX_PORTS];
static size_t told_count, found_count;
static uint32_t launches_seen;
static int64_t look_at;

void ports_watch(uint32_t channel) {
    if (watching && channel != watcher) give_up("the daemon watches the ports twice");
    watching = asked = true;
    watcher = channel;
    look_at = now_ms();
}

bool ports_close(uint32_t channel) {
    if (!watching || channel != watcher) return false;
    uint8_t none[4] = {0};
    watching = asked = false;
    told_count = 0;
    wire_put(CLOSED, channel, none, sizeof none);
    return true;
}

/* Keeps them sorted, each once. */
static void add(uint16_t port) {
    size_t at = 0;
    while (at < found_count && found[at] < port) at++;
    if (found_count == MAX_PORTS || (at < found_count && found[at] == port) || relay_listens_at(port)) return;
    memmove(found + at + 1, found + at, (found_count - at) * sizeof *found);
    found[at] = port;
    found_count++;
}

static unsigned hex(const char *text, int digits) {
    unsigned value = 0;
    for (int at = 0; at < digits; at++) value = value * 16 + (unsigned)(text[at] <= '9' ? text[at] - '0' : (text[at] | 32) - 'a' + 10);
    return value;
}

static bool ends_with(const char *address, size_t size, const char *end) {
    size_t length = strlen(end);
    return size >= length && memcmp(address + size - length, end, length) == 0;
}

/* Whether who connects to 127.0.0.1 or ::1 gets there. */
static bool is_local(const char *address, size_t size) {
    return ends_with(address, size, "00000000") || ends_with(address, size, "0100007F") || ends_with(address, size, "000001000000");
}

/* A line: "  0: ADDRESS:PORT ADDRESS:PORT STATE ...". Returns false where the socket does not listen. */
static bool take_line(const char *line) {
    const char *address = strstr(line, ": ");
    const char *port = address ? strchr(address + 2, ':') : NULL;
    const char *other = port ? strchr(port + 1, ':') : NULL;
    if (!other || strlen(other) < 8) return true;
    if (hex(other + 6, 2) != LISTENING) return false;
    address += 2;
    if (is_local(address, (size_t)(port - address))) add((uint16_t)hex(port + 1, 4));
    return true;
}

static void read_table(const char *path) {
    static char text[8 * 1024];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t size = 0, all = 0;
    /* Linux writes the sockets that listen first. */
    bool sorted = !under_gvisor(), more = file >= 0;
    while (more && all < MAX_TABLE) {
        ssize_t got = read(file, text + size, sizeof text - 1 - size);
        if (got <= 0) break;
        size += (size_t)got;
        all += (size_t)got;
        text[size] = 0;
        char *line = text;
        for (char *end; more && (end = strchr(line, '\n')); line = end + 1) {
            *end = 0;
            if (!take_line(line) && sorted) more = false;
        }
        size -= (size_t)(line - text);
        memmove(text, line, size);
    }
    if (file >= 0) close(file);
}

static void look(void) {
    found_count = 0;
    read_table("/proc/net/tcp");
    read_table("/proc/net/tcp6");
    if (!asked && found_count == told_count && memcmp(found, told, found_count * sizeof *found) == 0) return;
    uint8_t *payload = wire_reserve(1 + found_count * 2);
    if (!payload) return;
    *payload = asked;
    asked = false;
    memcpy(payload + 1, found, found_count * 2);
    wire_commit(PORTS, watcher, 1 + found_count * 2);
    memcpy(told, found, sizeof told);
    told_count = found_count;
}

/* When no program runs any more, it looks once more if anything was told. */
static bool matters(void) { return watching && (asked || others_live() || told_count > 0); }

void ports_poll(void) {
    int64_t soon = now_ms() + FIRST_LOOK_MS;
    if (launches != launches_seen && (look_at > soon || look_at < now_ms())) look_at = soon;
    launches_seen = launches;
    if (matters()) wake_at(look_at);
}

void ports_turn(void) {
    if (!matters() || now_ms() < look_at) return;
    look();
    look_at = now_ms() + LOOK_EVERY_MS;
}
