/* What the files on file commands share. */
#ifndef FILES_H
#define FILES_H

#include "agent.h"
#include <sys/stat.h>

/* All of them return 0 or an errno. */
int make_directories(const char *path, bool whole);
int copy_file(const char *from, const char *to);
int copy_tree(const char *from, const char *to);
int remove_tree(const char *path, const char *unused);
int wrong_type(mode_t mode);
/* Whether it is the name by which a directory has itself, or the one above. */
bool is_dots(const char *name);
/* Nothing is done for half of a request. */
void insist(const struct reader *reader);
void answer(uint32_t channel, int error, const void *payload, size_t size);
/* A child of the agent has ended or was stopped: it may be one that does the work of a file command. */
void file_child_changed(pid_t pid, int status);

/* write.c */
void write_begin(uint32_t channel, struct reader *reader);

/* A directory that is being listed. */
struct listing;
struct listing *listing_open(const char *path, bool recursive, int *error);
/* Sends some entries. Returns whether those were all. */
bool listing_step(struct listing *listing, uint32_t channel);
/* Whether some directory below could not be read. */
bool listing_is_incomplete(const struct listing *listing);
void listing_close(struct listing *listing);

#endif
