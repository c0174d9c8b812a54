/*
 * Samples whose diagnosis is read as a whole
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_WORDS_CASES_H
#define TESTS_UNIT_WORDS_CASES_H

#include <qemu-aiotop/model/sample.h>

typedef struct WordsCase {
    const char *title;
    /* Of the second snapshot: its loops, and what else it has */
    const char *loops;
    const char *members;
    void (*change)(AiotopSample *sample);
} WordsCase;

/* A loop that was there before, with what it had counted */
#define LOOP(name, id, members)                                                \
    "{'name':'" name "','thread-id':" #id ",'since-ns':1000000000,"            \
    "'wait-ns':0,'poll-ns':0,'dispatch-ns':0,'bql-wait-ns':0,"                 \
    "'iterations':0,'dispatches':0,'poll-hits':0,'poll-misses':0,'cpu-ns':0,"  \
    "'state':'waiting','state-since-ns':10000000000,'sources':[]" members "}"
#define MAIN(members) LOOP("main-loop", 7, "," members)
#define IO(members) LOOP("iothread0", 8, "," members)

/* What its source 1 and 2 are, and what it does */
#define READ "{'id':1,'kind':'fd-read','name':'chr_read','label':'mon0'}"
#define BH "{'id':2,'kind':'bh','name':'nested_bh'}"
#define SOURCES "'sources':[" READ "," BH "]"
#define STATE(name, since) "'state':'" name "','state-since-ns':" #since ","

/* What is stuck, and what was */
extern const WordsCase words_stuck[];
extern const unsigned n_words_stuck;

/* What does too much, or keeps others from it */
extern const WordsCase words_load[];
extern const unsigned n_words_load;

/* What is well, or whose guest has stopped */
extern const WordsCase words_well[];
extern const unsigned n_words_well;

/* What is awaited, and what keeps the whole process */
extern const WordsCase words_awaited[];
extern const unsigned n_words_awaited;

#endif /* TESTS_UNIT_WORDS_CASES_H */
