// SPDX-License-Identifier: Apache-2.0
// pool: two queues under one lock; threads take from the first and put into the second.
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"

struct job {
    struct job *next;
    void (*work)(void *);
    void (*done)(void *);
    void *context;
};
struct queue {
    struct job *first, **last;
};
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, ended;
    struct queue todo, finished; // under lock
    unsigned idle, running, max; // under lock: threads
    int leave;                   // under lock
    unsigned busy;               // main thread only
    int fd;
    void (*at_end)(void *); // set before threads start
    void *end_context;
    pthread_t thread[];
};

static void push(struct queue *queue, struct job *job)
{
    job->next = NULL;
    *queue->last = job;
    queue->last = &job->next;
}

static struct job *shift(struct queue *queue)
{
    struct job *job = queue->first;
    if (job && !(queue->first = job->next))
        queue->last = &queue->first;
    return job;
}

static void *thread_main(void *context)
{
    struct pool *pool = context;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct job *job = shift(&pool->todo);
        if (!job && pool->leave)
            break;
        if (!job) {
            pool->idle++;
            pthread_cond_wait(&pool->wake, &pool->lock);
            pool->idle--;
            continue;
        }
        pthread_mutex_unlock(&pool->lock);
        job->work(job->context);
        pthread_mutex_lock(&pool->lock);
        push(&pool->finished, job);
        pthread_cond_signal(&pool->ended);
        eventfd_write(pool->fd, 1);
    }
    pthread_mutex_unlock(&pool->lock);
    if (pool->at_end)
        pool->at_end(pool->end_context);
    return NULL;
}

struct pool *pool_new(unsigned threads, struct err *err)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        err_errno(err, ERR_SYSTEM, errno, _("cannot make an event counter"));
        return NULL;
    }
    struct pool *pool = mem_zero(1, sizeof *pool + threads * sizeof pool->thread[0]);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->ended, NULL);
    pool->todo.last = &pool->todo.first;
    pool->finished.last = &pool->finished.first;
    pool->max = threads;
    pool->fd = fd;
    return pool;
}

void pool_at_end(struct pool *pool, void (*run)(void *), void *context)
{
    pool->at_end = run;
    pool->end_context = context;
}

int pool_fd(const struct pool *pool)
{
    return pool->fd;
}

// Under lock. Signals stay with the main thread's signalfd.
static void add_thread(struct pool *pool)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&pool->thread[pool->running], NULL, thread_main, pool) == 0)
        pool->running++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void pool_add(struct pool *pool, void (*work)(void *), void (*done)(void *), void *context)
{
    struct job *job = mem_alloc(sizeof *job);
    *job = (struct job){.work = work, .done = done, .context = context};
    pool->busy++;
    pthread_mutex_lock(&pool->lock);
    if ((!pool->idle || pool->todo.first) && pool->running < pool->max)
        add_thread(pool);
    if (pool->running) {
        push(&pool->todo, job);
        pthread_cond_signal(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
        return;
    }
    pthread_mutex_unlock(&pool->lock);
    work(context); // no thread to be had: slower, but done
    pthread_mutex_lock(&pool->lock);
    push(&pool->finished, job);
    pthread_mutex_unlock(&pool->lock);
    eventfd_write(pool->fd, 1);
}

void pool_reap(struct pool *pool)
{
    eventfd_t count;
    eventfd_read(pool->fd, &count);
    for (;;) {
        pthread_mutex_lock(&pool->lock);
        struct job *job = shift(&pool->finished);
        pthread_mutex_unlock(&pool->lock);
        if (!job)
            return;
        pool->busy--;
        if (job->done)
            job->done(job->context);
        free(job);
    }
}

unsigned pool_busy(const struct pool *pool)
{
    return pool->busy;
}

void pool_drain(struct pool *pool)
{
    while (pool->busy) {
        pthread_mutex_lock(&pool->lock);
        while (!pool->finished.first)
            pthread_cond_wait(&pool->ended, &pool->lock);
        pthread_mutex_unlock(&pool->lock);
        pool_reap(pool);
    }
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pool_drain(pool);
    pthread_mutex_lock(&pool->lock);
    pool->leave = 1;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->running; i++)
        pthread_join(pool->thread[i], NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->ended);
    close(pool->fd);
    free(pool);
}
