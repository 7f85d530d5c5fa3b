// SPDX-License-Identifier: Apache-2.0
// Pools: everything given is done once, reaped by the caller, and nobody waits for ever.
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/pool.h"

#define JOBS 2000

struct count {
    atomic_int begun, worked; // in threads
    int done;                 // in ours
    pthread_t caller;
    int order[JOBS];
    int elsewhere;
};
struct job {
    struct count *count;
    int number, order;
};

static void work(void *context)
{
    struct job *job = context;
    job->order = atomic_fetch_add(&job->count->begun, 1);
    atomic_fetch_add(&job->count->worked, 1);
}

static void done(void *context)
{
    struct job *job = context;
    job->count->elsewhere |= !pthread_equal(pthread_self(), job->count->caller);
    job->count->order[job->count->done++] = job->number;
}

static void run(unsigned threads, int jobs)
{
    struct count count = {.caller = pthread_self()};
    struct job job[JOBS];
    struct pool *pool = pool_new(threads, NULL);
    assert_non_null(pool);
    for (int i = 0; i < jobs; i++) {
        job[i] = (struct job){.count = &count, .number = i};
        pool_add(pool, work, done, &job[i]);
        if (i % 7 == 0)
            pool_reap(pool);
    }
    struct pollfd watched = {.fd = pool_fd(pool), .events = POLLIN};
    while (pool_busy(pool)) { // the main loop's way
        assert_int_equal(poll(&watched, 1, -1), 1);
        pool_reap(pool);
    }
    assert_int_equal(count.worked, jobs);
    assert_int_equal(count.done, jobs);
    assert_false(count.elsewhere);
    for (int i = 0; i < jobs && threads <= 1; i++) {
        assert_int_equal(count.order[i], i);
        assert_int_equal(job[i].order, i);
    }
    pool_free(pool);
}

static void test_jobs(void **state)
{
    (void)state;
    const unsigned threads[] = {0, 1, 2, 4}; // none: the caller works itself
    for (size_t i = 0; i < COUNT(threads); i++) {
        run(threads[i], 0);
        run(threads[i], 1);
        run(threads[i], JOBS);
    }
}

static void test_free_drains(void **state)
{
    (void)state;
    struct count count = {.caller = pthread_self()};
    struct job job[100];
    struct pool *pool = pool_new(3, NULL);
    for (int i = 0; i < 100; i++) {
        job[i] = (struct job){.count = &count, .number = i};
        pool_add(pool, work, i % 2 ? done : NULL, &job[i]);
    }
    pool_free(pool);
    assert_int_equal(count.worked, 100);
    assert_int_equal(count.done, 50);
    pool_free(NULL);
    pool_free(pool_new(2, NULL)); // one that never had work
}

static void check_mask(void *context)
{
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    *(int *)context = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
}

static void test_signals(void **state)
{
    (void)state;
    int blocked = 0;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    struct pool *pool = pool_new(1, NULL);
    pool_add(pool, check_mask, NULL, &blocked);
    pool_free(pool);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_true(blocked);
    for (int number = 1; number < SIGRTMAX; number++)
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
}

static void test_no_descriptor(void **state)
{
    (void)state;
    struct rlimit before;
    struct err err = {0};
    getrlimit(RLIMIT_NOFILE, &before);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    struct pool *pool = pool_new(1, &err);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_null(pool);
    assert_int_equal(err.code, ERR_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_free_drains),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_no_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
