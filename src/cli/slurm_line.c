// SPDX-License-Identifier: Apache-2.0
#include "cli/slurm_line.h"

#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/size.h"
#include "cli/cluster.h"
#include "cli/fitness.h"
#include "cli/line_modules.h"
#include "cli/request.h"
#include "cli/reserve.h"
#include "cli/setting.h"
#include "sched/limits.h"

static void add_memory(const char *name, int64_t kb, struct strv *into)
{
    CLEANUP_STR struct str size = {0};
    size_add(&size, kb);
    strv_take(into, mem_print("--%s=%s", name, size.text));
}

int slurm_line_options(const struct cli *cli, const char *name, struct strv *into,
                       struct err *err)
{
    const struct options *options = &cli->options;
    if (request_memory(options, err) < 0)
        return -1;
    strv_take(into, mem_print("--job-name=%s", options->name ? options->name : name));
    if (options->ntasks)
        strv_take(into, mem_print("--ntasks=%u", options->ntasks));
    if (options->cores)
        strv_take(into, mem_print("--cpus-per-task=%u", options->cores));
    if (options->mem_kb >= 0)
        add_memory("mem", options->mem_kb, into);
    if (options->mem_cpu_kb)
        add_memory("mem-per-cpu", options->mem_cpu_kb, into);
    if (options->time_us) {
        CLEANUP_STR struct str time = {0};
        limits_add_time(&time, options->time_us);
        strv_take(into, mem_print("--time=%s", time.text));
    }
    const char *chdir = options_slurm_value(&options->pass, OPTION_SLURM_CHDIR);
    if (chdir) {
        CLEANUP_FREE char *path = fs_absolute(cli->cwd, chdir);
        strv_take(into, mem_print("--chdir=%s", path));
    }
    options_slurm_words(&options->pass, into);
    return 0;
}

// What a lopin that we run in has said of its task is not the job's.
void slurm_line_vars(const struct cli *cli, struct vars *ret)
{
    static const char *const accounts[] = {"SBATCH_ACCOUNT", "SLURM_ACCOUNT", "SALLOC_ACCOUNT"};
    CLEANUP_VARS struct vars all = {0};
    // Modules are evaluated again on the node, whose tree may be another by its processor.
    const struct strv *list = cli->before.list.count ? &cli->before.list : &cli->vars.list;
    for (size_t i = 0; i < list->count; i++) {
        const char *item = list->item[i];
        if (!str_starts(item, "LOPIN_TASK") && !str_starts(item, "LOPIN_RUN=") &&
            !str_starts(item, RESERVE_LEVEL "="))
            strv_add(&all.list, item);
    }
    slurm_vars(&all, ret);
    // They would stand above what the script says.
    for (size_t i = 0; i < COUNT(accounts); i++)
        if (options_slurm_value(&cli->options.pass, OPTION_SLURM_ACCOUNT))
            vars_unset(ret, accounts[i]);
}

int slurm_line_refused(const struct cli *cli, const char *command,
                       const struct slurm_answer *answer, struct err *err)
{
    CLEANUP_CLUSTER struct cluster cluster = {0};
    CLEANUP_STRV struct strv line = {0};
    if (slurm_line_options(cli, "", &line, err) < 0)
        return -1;
    cluster_ask(cli, &line, 1, &cluster);
    if (cluster_check(cli, &cluster, err) < 0)
        return -1;
    return slurm_refused(command, answer, err);
}

int slurm_line_env(const struct cli *cli, int is_python, const struct strv *partitions,
                   struct strv *into, struct err *err)
{
    const struct options *options = &cli->options;
    struct setting setting = {0};
    const char *active = vars_get(&cli->vars, "VIRTUAL_ENV");
    if (options->env) {
        strv_add(into, "--env");
        strv_take(into, cli->made_image ? mem_dup(cli->made_image)
                        : strcmp(options->env, "none") == 0
                            ? mem_dup(options->env)
                            : fs_absolute(cli->cwd, options->env));
    }
    for (size_t i = 0; i < cli->modules.count; i++) {
        strv_add(into, "--module");
        strv_add(into, cli->modules.item[i]);
    }
    int status = setting_find(cli, options->python, options->env, is_python, &setting, err);
    if (status == 0 && setting.python.path && partitions)
        status = fitness_partitions(cli, &setting.python, partitions, err);
    int is_own = line_modules_own(cli, setting.python.path);
    if (status == 0 && is_own && options->python && !options->env) {
        strv_add(into, "--python");
        strv_add(into, options->python);
    } else if (status == 0 && setting.python.path && !options->env && !is_own) {
        int is_active = setting.python.origin == PYTHON_VENV && active;
        strv_add(into, is_active ? "--env" : "--python");
        strv_add(into, is_active ? active : setting.python.path);
    }
    setting_free(&setting);
    if (status == 0 && options->env && options->python) {
        strv_add(into, "--python");
        strv_add(into, options->python);
    }
    for (size_t i = 0; i < options->keep.count; i++) {
        strv_add(into, "--keep-env");
        strv_add(into, options->keep.item[i]);
    }
    if (options->fast_ctl)
        strv_add(into, "--fast-threadpoolctl");
    if (options->verbose)
        strv_add(into, "--verbose");
    if (options->quiet)
        strv_add(into, "--quiet");
    return status;
}

void slurm_line_inner(struct strv *into)
{
    strv_add(into, "-c");
    strv_add(into, "auto");
}
