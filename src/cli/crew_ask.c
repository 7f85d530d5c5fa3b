// SPDX-License-Identifier: Apache-2.0
#include "cli/crew_ask.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/job_facts.h"

#define OLDEST_US INT64_C(600000000)
#define AGAIN_US  INT64_C(1000000) // while there is no answer the file is looked at as often

enum { STEP_MS = 5, MOST_OPEN = 256 };

void crew_queue_free(struct crew_queue *queue)
{
    jobs_free(&queue->jobs);
    answers_said_free(&queue->said);
    queue->is_known = 0;
}

// Takes the place of what was known, if it is an answer.
static int take(struct crew_queue *queue, struct jobs *jobs, struct answers_said *said,
                int result, const struct err *err)
{
    queue->silent = *err;
    if (result < 0)
        return -1;
    crew_queue_free(queue);
    queue->jobs = *jobs;
    queue->said = *said;
    queue->is_known = 1;
    queue->read_us = clock_boot_us();
    return 0;
}

static int read_kept(const struct cli *cli, struct crew_queue *queue, int64_t oldest_us)
{
    struct answers answers;
    struct jobs jobs = {0};
    struct answers_said said = {0};
    struct err err = {0};
    job_facts_answers(cli, &answers);
    CLEANUP_FREE const char *folder = answers.folder;
    int result = jobs_cache_kept(&answers, oldest_us, &jobs, &said, &err);
    return take(queue, &jobs, &said, result, &err);
}

int crew_queue_now(const struct cli *cli, struct crew_queue *queue, struct err *err)
{
    struct answers answers;
    struct jobs jobs = {0};
    struct answers_said said = {0};
    struct err silent = {0};
    job_facts_answers(cli, &answers);
    CLEANUP_FREE const char *folder = answers.folder;
    int result = jobs_cache_now(&answers, &jobs, &said, &silent);
    result = take(queue, &jobs, &said, result, &silent);
    if (result < 0 && err)
        *err = silent;
    return result;
}

void crew_queue_kept(const struct cli *cli, struct crew_queue *queue)
{
    if (!queue->is_known)
        read_kept(cli, queue, INT64_MAX / 2000);
}

// A process of its own session, that no reader of our output waits for. Its status is 0 if Slurm answered.
static void start_asker(const struct cli *cli, struct crew_queue *queue)
{
    queue->asker = fork();
    if (queue->asker)
        return;
    struct answers answers;
    struct jobs jobs = {0};
    struct answers_said said = {0};
    struct err err = {0};
    setsid();
    int nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2 && nothing >= 0; fd++)
        dup2(nothing, fd);
    for (int fd = 3; fd < MOST_OPEN; fd++) // pipes whose readers wait for their end
        close(fd);
    job_facts_answers(cli, &answers);
    _exit(jobs_cache_all(&answers, 0, &jobs, &said, &err) < 0);
}

// Whether it has ended; *ret_answered: with an answer.
static int is_asked(struct crew_queue *queue, int *ret_answered)
{
    int status = 0;
    *ret_answered = 0;
    if (queue->asker <= 0)
        return 1;
    if (waitpid(queue->asker, &status, WNOHANG) == 0)
        return 0;
    *ret_answered = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    queue->asker = 0;
    return 1;
}

static int is_fresh(const struct crew_queue *queue, int64_t now)
{
    if (queue->is_known && now - queue->read_us + queue->said.age_us < JOBS_FRESH_US)
        return 1;
    return queue->tried_us && now - queue->tried_us < AGAIN_US;
}

// Whether all is known that can be known now; else a process asks.
static int is_settled(const struct cli *cli, struct crew_queue *queue, int64_t now)
{
    int answered;
    if (!is_asked(queue, &answered))
        return 0;
    if (read_kept(cli, queue, JOBS_FRESH_US) == 0 || queue->silent.code == ERR_NO_SLURM)
        return 1;
    if (answered) { // and nothing can be kept here
        crew_queue_now(cli, queue, NULL);
        return 1;
    }
    // That it refused, or was silent, a moment ago is an answer.
    if (queue->silent.code != ERR_SLURM_SILENT || *queue->silent.hint ||
        (queue->began_us && now - queue->began_us < JOBS_FRESH_US))
        return 1;
    queue->began_us = now;
    start_asker(cli, queue);
    return 0;
}

void crew_queue_look(const struct cli *cli, struct crew_queue *queue, int64_t wait_us)
{
    int answered, ended = 0;
    int64_t now = clock_boot_us();
    if (is_fresh(queue, now))
        return;
    queue->tried_us = now;
    if (is_settled(cli, queue, now))
        return;
    while (!ended && clock_boot_us() < now + wait_us) {
        ended = is_asked(queue, &answered);
        if (!ended)
            poll(NULL, 0, STEP_MS);
    }
    if (read_kept(cli, queue, ended ? JOBS_FRESH_US : OLDEST_US) < 0 && ended && answered)
        crew_queue_now(cli, queue, NULL);
}
