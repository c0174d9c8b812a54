/*
 * Event loop profiler tests: the object, and a client that talks to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_EVENT_LOOP_CLIENT_H
#define TESTS_EVENT_LOOP_CLIENT_H

#include "qapi/qapi-types-event-loop.h"
#include "qobject/qdict.h"

/* A directory for the test, and the path of the profiler's socket in it */
extern char *directory;
extern char *socket_path;

/* What main() begins and ends with.  No main loop runs, ever. */
void init_test(int *argc, char ***argv);
int run_test(void);

/* Creates an object with @options, which begin with a comma */
bool try_add(const char *id, const char *options, Error **errp);

/* The options that make it listen at @path, and @more */
char *socket_options(const char *path, const char *more);

/* Creates the object "prof0", which listens at socket_path */
void add_profiler(const char *more);

/* Deletes it, and asserts that the socket is gone */
void delete_profiler(void);

/* Asserts that an object cannot be created, with @reason in the error */
void check_refused(const char *id, const char *options, const char *reason);

typedef struct Client {
    int fd;
    GString *in;
} Client;

/* A client with a connected socket, which it closes */
Client *client_new_fd(int fd);

/* A client that has just connected */
Client *client_new(void);

/* A client that has negotiated capabilities */
Client *client_open(void);

void client_free(Client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Client, client_free)

/* Sends a string */
void put(Client *client, const char *str);

/* The next message, or NULL at the end */
QDict *get(Client *client);

/* Sends a request: the next message, which must be there */
QDict *call(Client *client, const char *request);

/* Asserts that there are no more messages */
void check_end(Client *client);

/* Asserts that the next message is the greeting */
void check_greeting(Client *client);

/* Asserts that @reply is a success, and frees it */
void check_return(QDict *reply);

/* Asserts that @reply is that error, and frees it */
void check_error(QDict *reply, const char *class, const char *desc);

/* What query-event-loops returns, by way of the generated visitor */
EventLoopsInfo *query(Client *client);

#endif /* TESTS_EVENT_LOOP_CLIENT_H */
