// SPDX-License-Identifier: Apache-2.0
#include "sched/jobs_cache.h"

#include <string.h>
#include <unistd.h>

#define SECOND_US INT64_C(1000000)
#define HOUR_US   (3600 * SECOND_US)

enum {
    ACCOUNTS_US = 10000000, // sacct may wait for its data base for long
    NOW_US = 10000000,      // somebody waits for it
};

// With the last word behind the others.
static int get(const struct answers *answers, struct answers_ask ask, const char *const *words,
               const char *last, struct answers_said *ret, struct err *err)
{
    CLEANUP_STRV struct strv argv = {0};
    for (; *words; words++)
        strv_add(&argv, *words);
    if (last)
        strv_add(&argv, last);
    ask.argv = argv.item;
    ask.may_wait = 1;
    return answers_get(answers, &ask, ret, err);
}

static int get_queue(const struct answers *answers, struct answers_ask ask, struct jobs *ret,
                     struct answers_said *ret_said, struct err *err)
{
    CLEANUP_FREE char *user = mem_print("%lu", (unsigned long)geteuid());
    ask.name = "queue";
    if (get(answers, ask, jobs_ask, user, ret_said, err) < 0)
        return -1;
    jobs_read(str_text(&ret_said->out), ret);
    return 0;
}

int jobs_cache_all(const struct answers *answers, int64_t oldest_us, struct jobs *ret,
                   struct answers_said *ret_said, struct err *err)
{
    const struct answers_ask ask = {.fresh_us = JOBS_FRESH_US, .oldest_us = oldest_us};
    return get_queue(answers, ask, ret, ret_said, err);
}

int jobs_cache_kept(const struct answers *answers, int64_t oldest_us, struct jobs *ret,
                    struct answers_said *ret_said, struct err *err)
{
    const struct answers_ask ask = {.oldest_us = oldest_us, .only_kept = 1};
    return get_queue(answers, ask, ret, ret_said, err);
}

int jobs_cache_now(const struct answers *answers, struct jobs *ret,
                   struct answers_said *ret_said, struct err *err)
{
    const struct answers_ask ask = {.time_us = NOW_US};
    return get_queue(answers, ask, ret, ret_said, err);
}

// In the words of squeue, scontrol and slurm_strerror(3), which are not translated.
static int is_unknown(const struct err *err)
{
    return err->code == ERR_REFUSED && strstr(err->text, "Invalid job id") != NULL;
}

int jobs_cache_job(const struct answers *answers, uint32_t job, struct jobs *ret,
                   struct answers_said *ret_said, struct err *err)
{
    struct err refused = {0};
    CLEANUP_FREE char *number = mem_print("%u", job);
    CLEANUP_FREE char *name = mem_print("job-%u", job);
    const struct answers_ask ask = {
        .name = name, .fresh_us = JOBS_FRESH_US, .oldest_us = JOBS_FRESH_US};
    if (get(answers, ask, jobs_ask_some, number, ret_said, &refused) == 0)
        jobs_read(str_text(&ret_said->out), ret);
    else if (!is_unknown(&refused)) {
        *err = refused;
        return -1;
    }
    return 0;
}

int jobs_cache_detail(const struct answers *answers, const char *job, struct detail *ret,
                      struct err *err)
{
    CLEANUP_SAID struct answers_said said = {0};
    CLEANUP_FREE char *name = mem_print("detail-%s", job);
    const struct answers_ask ask = {
        .name = name, .fresh_us = JOBS_FRESH_US, .oldest_us = JOBS_FRESH_US};
    if (get(answers, ask, detail_ask, job, &said, err) < 0)
        return -1;
    detail_read(str_text(&said.out), ret);
    return 0;
}

static int get_config(const struct answers *answers, struct answers_said *ret, struct err *err)
{
    static const char *const words[] = {"scontrol", "show", "config", NULL};
    const struct answers_ask ask = {
        .name = "config", .fresh_us = HOUR_US, .oldest_us = 24 * HOUR_US};
    return get(answers, ask, words, NULL, ret, err);
}

static int get_accounts(const struct answers *answers, const char *job, int64_t fresh_us,
                        struct accounts *ret, int *ret_may_change, struct err *err)
{
    CLEANUP_SAID struct answers_said said = {0};
    CLEANUP_FREE char *name = mem_print("sacct-%s", job);
    const struct answers_ask ask = {
        .name = name, .fresh_us = fresh_us, .oldest_us = HOUR_US, .time_us = ACCOUNTS_US};
    accounts_free(ret);
    if (get(answers, ask, accounts_ask, job, &said, err) < 0)
        return -1;
    accounts_read(str_text(&said.out), ret);
    *ret_may_change = !ret->count && said.age_us > JOBS_FRESH_US;
    for (size_t i = 0; i < ret->count && said.age_us > JOBS_FRESH_US; i++)
        *ret_may_change |= ret->item[i].job.phase != JOB_OVER;
    return 0;
}

// What has ended stays as it is, but for a while: a number may be given to another job one day.
int jobs_cache_accounts(const struct answers *answers, const char *job, struct accounts *ret,
                        int *ret_exist, struct err *err)
{
    CLEANUP_SAID struct answers_said config = {0};
    int may_change = 0;
    *ret_exist = 0;
    if (get_config(answers, &config, err) < 0)
        return -1;
    *ret_exist = accounts_exist(str_text(&config.out));
    if (!*ret_exist)
        return 0;
    if (get_accounts(answers, job, HOUR_US, ret, &may_change, err) < 0)
        return -1;
    return may_change ? get_accounts(answers, job, JOBS_FRESH_US, ret, &may_change, err) : 0;
}

int jobs_cache_live(const struct answers *answers, uint32_t id, struct account *ret,
                    struct err *err)
{
    CLEANUP_SAID struct answers_said said = {0};
    CLEANUP_FREE char *number = mem_print("%u", id);
    CLEANUP_FREE char *name = mem_print("sstat-%u", id);
    const struct answers_ask ask = {.name = name,
                                    .fresh_us = JOBS_FRESH_US,
                                    .oldest_us = JOBS_FRESH_US,
                                    .time_us = ACCOUNTS_US};
    if (get(answers, ask, accounts_ask_live, number, &said, err) < 0)
        return -1;
    accounts_read_live(str_text(&said.out), id, ret);
    return 0;
}

// "MinJobAge               = 600 sec"
int64_t jobs_cache_memory_us(const struct answers *answers)
{
    struct err ignored = {0};
    CLEANUP_SAID struct answers_said said = {0};
    if (get_config(answers, &said, &ignored) < 0)
        return 0;
    const char *at = strstr(str_text(&said.out), "\nMinJobAge");
    at = at ? strchr(at, '=') : NULL;
    if (!at)
        return 0;
    at += 1 + strspn(at + 1, " ");
    unsigned long seconds;
    CLEANUP_FREE char *digits = mem_dupn(at, strspn(at, "0123456789"));
    return str_number(digits, INT32_MAX, &seconds) == 0 ? (int64_t)seconds * SECOND_US : 0;
}
