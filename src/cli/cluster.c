// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster.h"

#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/span.h"
#include "cli/config.h"
#include "cli/setting.h"
#include "plan/cost.h"
#include "plan/steps.h"
#include "sched/ceiling.h"
#include "sched/field.h"
#include "sched/slurm.h"

// sacctmgr waits for slurmdbd, without which everything else works; a busy controller takes longer.
enum { TIME_US = 10000000, TIME_DATABASE_US = 2000000, KEPT_MOST = 1 << 22 };
#define KEPT_US INT64_C(3600000000)

struct asking {
    const struct cli *cli;
    struct cluster *ret;
    int is_mute, fresh;
};

const struct site_slurm *cluster_site(const struct cli *cli)
{
    static const struct site_slurm none = {0};
    return cli->config ? &cli->config->site.slurm : &none;
}

// Returns 1, or 0: nothing is known of it.
static int ask(struct asking *asking, const struct strv *words, int64_t time_us,
               struct str *ret)
{
    struct slurm_answer answer = {0};
    struct err why = {0};
    const struct slurm_ask call = {
        .argv = words->item, .vars = &asking->cli->vars, .time_us = time_us};
    if (asking->is_mute)
        return 0;
    int status = slurm_call(&call, &answer, &why);
    int is_good = status == 0 && WIFEXITED(answer.status) && WEXITSTATUS(answer.status) == 0;
    if (is_good)
        *ret = answer.out, answer.out = (struct str){0};
    // The database may be mute and the controller not.
    if (status < 0 && time_us != TIME_DATABASE_US) {
        asking->is_mute = 1;
        asking->ret->mute = why;
    }
    slurm_answer_free(&answer);
    return is_good;
}

static char *kept_path(const struct asking *asking, const char *name)
{
    CLEANUP_FREE char *cache = setting_cache(asking->cli);
    return mem_print("%s/slurm/%s-%lu-%016" PRIx64, cache, name, (unsigned long)geteuid(),
                     asking->ret->config.cluster);
}

static int read_kept(const struct asking *asking, const char *path, struct str *ret)
{
    struct stat st;
    int64_t age_us = stat(path, &st) < 0 || st.st_uid != geteuid()
                         ? -1
                         : clock_wall_us() - clock_ns(st.st_mtim) / 1000;
    return !asking->fresh && age_us >= 0 && age_us < KEPT_US &&
           fs_read(AT_FDCWD, path, KEPT_MOST, ret, NULL) == 0;
}

// Of sacctmgr. A cache that cannot be written costs time and nothing else.
static int ask_database(struct asking *asking, const struct strv *words, const char *name,
                        struct str *ret)
{
    CLEANUP_FREE char *path = kept_path(asking, name);
    CLEANUP_FREE char *folder = fs_folder(path);
    if (read_kept(asking, path, ret))
        return asking->ret->is_kept = 1;
    str_clear(ret);
    if (!ask(asking, words, TIME_DATABASE_US, ret))
        return 0;
    if (fs_make_dirs(AT_FDCWD, folder, 0700, NULL) == 0)
        fs_replace(AT_FDCWD, path, str_text(ret), ret->size, 0600, 0, NULL);
    return 1;
}

static int ask_words(struct asking *asking, const char *const *list, struct str *ret)
{
    CLEANUP_STRV struct strv words = {0};
    for (; *list; list++)
        strv_add(&words, *list);
    return ask(asking, &words, TIME_US, ret);
}

static void ask_partitions(struct asking *asking)
{
    CLEANUP_STR struct str nodes = {0};
    CLEANUP_STR struct str rules = {0};
    struct partitions *partitions = &asking->ret->partitions;
    if (ask_words(asking, partitions_ask, &nodes))
        partitions_read(str_text(&nodes), partitions);
    if (partitions->count && ask_words(asking, partitions_rules_ask, &rules))
        partitions_add_rules(str_text(&rules), partitions);
}

static const char *account_of(const struct asking *asking)
{
    const struct cli *cli = asking->cli;
    const char *variable = vars_get(&cli->vars, "SBATCH_ACCOUNT");
    return asking->ret->account    ? asking->ret->account
           : variable && *variable ? variable
                                   : vars_get(&cli->vars, "SLURM_ACCOUNT");
}

static char *default_qos(struct asking *asking, const struct bounds_ask *whose)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_STRV struct strv words = {0};
    char *found = bounds_default_qos(whose, NULL);
    if (found)
        return found;
    bounds_default_words(whose->user, &words);
    return ask_database(asking, &words, "default-qos", &text)
               ? bounds_default_qos(whose, str_text(&text))
               : NULL;
}

static int needs_qos_text(const struct bounds_ask *whose)
{
    return (whose->qos && !bounds_shows_qos(whose, whose->qos)) ||
           (whose->partition_qos && !bounds_shows_qos(whose, whose->partition_qos));
}

static void ask_bounds(struct asking *asking)
{
    const struct passwd *user = getpwuid(geteuid());
    CLEANUP_STR struct str manager = {0};
    CLEANUP_STR struct str qos_text = {0};
    CLEANUP_STRV struct strv words = {0};
    CLEANUP_STRV struct strv qos_words = {0};
    CLEANUP_STRV struct strv names = {0};
    CLEANUP_FREE char *qos = NULL;
    if (!user)
        return;
    CLEANUP_FREE char *name = mem_dup(user->pw_name);
    bounds_words(name, &words);
    if (!ask(asking, &words, TIME_US, &manager))
        return;
    cluster_partitions(asking->ret, &names);
    const char *partition = names.count == 1 ? names.item[0] : NULL;
    const struct partition *at =
        partition ? partitions_find(&asking->ret->partitions, partition) : NULL;
    struct bounds_ask whose = {.manager = str_text(&manager),
                               .user = name,
                               .uid = geteuid(),
                               .account = account_of(asking),
                               .partition = partition,
                               .qos = asking->ret->qos,
                               .partition_qos = at ? at->qos : NULL};
    if (!whose.qos)
        whose.qos = qos = default_qos(asking, &whose);
    bounds_qos_words(&qos_words);
    if (needs_qos_text(&whose) && ask_database(asking, &qos_words, "qos", &qos_text))
        whose.qos_text = str_text(&qos_text);
    bounds_read(&whose, &asking->ret->bounds);
    asking->ret->queued = asking->ret->bounds.queued;
}

// Only where Slurm has no limit of its own, and the site one.
static void count_queued(struct asking *asking)
{
    static const char *const words[] = {"squeue", "-h", "-r", "--me", "-o", "%t", NULL};
    CLEANUP_STR struct str text = {0};
    if (!cluster_site(asking->cli)->max_queued || asking->ret->queued >= 0 ||
        !ask_words(asking, words, &text))
        return;
    asking->ret->queued = 0;
    for (const char *at = str_text(&text); (at = strchr(at, '\n')); at++)
        asking->ret->queued++;
}

static int64_t size_of(const char *text)
{
    int64_t kib;
    return size_parse(text, &kib) == 0 ? kib : 0;
}

static void take_option(struct cluster *cluster, char name, const char *value)
{
    struct limits_ask *job = &cluster->job;
    int64_t us;
    switch (name) {
    case 'p': job->partition = value; break;
    case 'A': cluster->account = value; break;
    case 'q': cluster->qos = value; break;
    case 'N': job->nodes = field_number(value); break;
    case 'n': job->tasks = field_number(value); break;
    case 'c': job->cores = field_number(value); break;
    case 't': job->time_us = span_read(value, &us) == 0 ? us : 0; break;
    case 'm':
        job->memory_kb = size_of(value);
        cluster->whole_memory = strspn(value, "0") == strlen(value);
        break;
    case 'M': job->core_kb = size_of(value); break;
    default: break;
    }
}

// "--partition=c-iq", "-pc-iq".
static void read_options(struct cluster *cluster)
{
    static const struct {
        char letter;
        const char *name;
    } names[] = {{'p', "--partition="}, {'A', "--account="}, {'q', "--qos="},
                 {'N', "--nodes="},     {'n', "--ntasks="},  {'c', "--cpus-per-task="},
                 {'t', "--time="},      {'m', "--mem="},     {'M', "--mem-per-cpu="}};
    for (size_t i = 0; i < cluster->options.count; i++) {
        const char *word = cluster->options.item[i];
        if (word[0] == '-' && word[1] != '-' && word[1] && strchr("pAqNnct", word[1]))
            take_option(cluster, word[1], word + 2);
        for (size_t k = 0; k < COUNT(names); k++)
            if (str_starts(word, names[k].name))
                take_option(cluster, names[k].letter, word + strlen(names[k].name));
    }
}

static void ask_all(struct asking *asking)
{
    static const char *const config[] = {"scontrol", "show", "config", NULL};
    struct cluster *ret = asking->ret;
    CLEANUP_STR struct str text = {0};
    ret->queued = ret->bounds.queued = -1;
    if (!ask_words(asking, config, &text))
        return;
    slurm_config_read(str_text(&text), &ret->config);
    ask_partitions(asking);
    if (ret->config.has_accounting && ret->config.holds_to_limits)
        ask_bounds(asking);
    count_queued(asking);
}

void cluster_ask(const struct cli *cli, const struct strv *options, int fresh,
                 struct cluster *ret)
{
    struct asking asking = {.cli = cli, .ret = ret, .fresh = fresh};
    *ret = (struct cluster){0};
    strv_add_all(&ret->options, options);
    read_options(ret);
    ask_all(&asking);
}

static void forget(struct cluster *cluster)
{
    partitions_free(&cluster->partitions);
    bounds_free(&cluster->bounds);
    cluster->is_kept = 0;
}

void cluster_free(struct cluster *cluster)
{
    forget(cluster);
    strv_free(&cluster->options);
}

// What the site says counts where Slurm says nothing.
static int check_queued(const struct cli *cli, const struct cluster *cluster, struct err *err)
{
    unsigned long most = cluster_site(cli)->max_queued;
    if (!most || cluster->queued < (int64_t)most ||
        bounds_least(&cluster->bounds, BOUND_QUEUED, 0))
        return 0;
    err_set(err, ERR_OVER_LIMIT, _("the site lets a user have %lu jobs that wait or run"),
            most);
    err_hint(err, "found", _("max-queued of the site: %lld, and %lld wait or run"),
             (long long)most, (long long)cluster->queued);
    return err_hint(err, "try", _("when some of them are over: squeue --me"));
}

int cluster_answers(const struct cluster *cluster, struct err *err)
{
    int code = cluster->mute.code;
    if (code != ERR_SLURM_SILENT && code != ERR_NO_SLURM)
        return 0;
    if (err)
        *err = cluster->mute;
    return -1;
}

int cluster_check(const struct cli *cli, struct cluster *cluster, struct err *err)
{
    struct asking asking = {.cli = cli, .ret = cluster, .fresh = 1};
    if (check_queued(cli, cluster, err) < 0)
        return -1;
    int status = limits_check(&cluster->job, &cluster->partitions, &cluster->bounds, err);
    if (status == 0 || !cluster->is_kept)
        return status;
    forget(cluster);
    ask_all(&asking);
    return limits_check(&cluster->job, &cluster->partitions, &cluster->bounds, err);
}

void cluster_partitions(const struct cluster *cluster, struct strv *ret)
{
    const char *name = cluster->job.partition;
    const struct partition *own = partitions_find(&cluster->partitions, NULL);
    if (name)
        strv_split(ret, name, ',');
    else if (own)
        strv_add(ret, own->name);
}

void cluster_ceilings(const struct cli *cli, const struct cluster *cluster,
                      struct parcels_ask *ask)
{
    const struct ceiling_ask of = {.config = &cluster->config,
                                   .partitions = &cluster->partitions,
                                   .bounds = &cluster->bounds,
                                   .site = cluster_site(cli),
                                   .job = &cluster->job,
                                   .queued = cluster->queued};
    ceilings_of_cluster(&of, &ask->submitted, &ask->running);
}

static void advise_time(const struct cli *cli, const struct cluster *cluster, struct strv *ret)
{
    const struct site_slurm *site = cluster_site(cli);
    struct step_place place;
    CLEANUP_STR struct str time = {0};
    CLEANUP_STR struct str step = {0};
    CLEANUP_STR struct str below = {0};
    int64_t time_us = limits_time(&cluster->job, &cluster->partitions);
    if (!steps_place(site->step_us, site->step_count, time_us, &place) || place.is_full)
        return;
    limits_add_time(&time, time_us);
    limits_add_time(&step, place.step_us);
    limits_add_time(&below, place.below_us);
    if (place.below_us && place.step_us)
        strv_take(ret, mem_print(_("-t %s falls into the queue of jobs up to %s; -t %s would "
                                   "be in a shorter one"),
                                 time.text, step.text, below.text));
    else if (place.below_us)
        strv_take(ret, mem_print(_("-t %s is above all queues of the site; -t %s would be in "
                                   "one"),
                                 time.text, below.text));
    else if (place.step_us)
        strv_take(ret, mem_print(_("-t %s falls into the queue of jobs up to %s: that much "
                                   "waits no longer"),
                                 time.text, step.text));
}

// Of one job. 0: not known.
static int64_t memory_of(const struct cluster *cluster, unsigned long cores)
{
    const struct limits_ask *job = &cluster->job;
    CLEANUP_STRV struct strv names = {0};
    cluster_partitions(cluster, &names);
    const struct partition *at =
        names.count ? partitions_find(&cluster->partitions, names.item[0]) : NULL;
    int64_t nodes = job->nodes ? (int64_t)job->nodes : 1;
    if (job->memory_kb)
        return job->memory_kb * nodes;
    if (cluster->whole_memory)
        return at ? at->memory_kb * nodes : 0;
    int64_t core_kb = job->core_kb        ? job->core_kb
                      : at && at->core_kb ? at->core_kb
                                          : cluster->config.core_kb;
    int64_t node_kb = at && at->node_kb ? at->node_kb : cluster->config.node_kb;
    return core_kb ? core_kb * (int64_t)cores : node_kb * nodes;
}

static void advise_cost(const struct cli *cli, const struct cluster *cluster,
                        const struct parcels *parcels, struct strv *ret)
{
    const struct limits_ask *job = &cluster->job;
    struct cost cost;
    struct str words = {0};
    unsigned long cores = (job->cores ? job->cores : 1) * (job->nodes ? job->nodes : 1);
    const struct cost_ask of = {.cores = cores,
                                .memory_kb = memory_of(cluster, cores),
                                .core_kb = cluster_site(cli)->core_kb,
                                .time_us = limits_time(&cluster->job, &cluster->partitions),
                                .jobs = parcels->count};
    if (!of.time_us)
        return;
    cost_count(&of, &cost);
    cost_add(&words, &cost);
    strv_take(ret, str_take(&words));
}

void cluster_advise(const struct cli *cli, const struct cluster *cluster,
                    const struct parcels *parcels, struct strv *ret)
{
    CLEANUP_STR struct str least = {0};
    advise_cost(cli, cluster, parcels, ret);
    advise_time(cli, cluster, ret);
    if (!parcels->is_short)
        return;
    human_duration(&least, cluster_site(cli)->least_us);
    strv_take(ret, mem_print(_("the site wants jobs of %s or more; fewer are longer: "
                               "--parcels %lu"),
                             least.text, parcels->count > 1 ? parcels->count / 2 : 1));
}
