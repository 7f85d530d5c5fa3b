// SPDX-License-Identifier: Apache-2.0
#include "cli/options_slurm.h"

#include <string.h>

#include "base/lang.h"
#include "base/mem.h"

#define AT(id) [(id)-OPTION_SLURM_FIRST]

static const char *const names[SLURM_OPTIONS] = {
    AT(OPTION_SLURM_ACCOUNT) = "account",
    AT(OPTION_SLURM_BEGIN) = "begin",
    AT(OPTION_SLURM_CHDIR) = "chdir",
    AT(OPTION_SLURM_CONSTRAINT) = "constraint",
    AT(OPTION_SLURM_DEPENDENCY) = "dependency",
    AT(OPTION_SLURM_EXCLUDE) = "exclude",
    AT(OPTION_SLURM_EXCLUSIVE) = "exclusive",
    AT(OPTION_SLURM_GPUS) = "gpus",
    AT(OPTION_SLURM_GRES) = "gres",
    AT(OPTION_SLURM_MAIL_TYPE) = "mail-type",
    AT(OPTION_SLURM_MAIL_USER) = "mail-user",
    AT(OPTION_SLURM_NODELIST) = "nodelist",
    AT(OPTION_SLURM_NODES) = "nodes",
    AT(OPTION_SLURM_PARTITION) = "partition",
    AT(OPTION_SLURM_QOS) = "qos",
    AT(OPTION_SLURM_RESERVATION) = "reservation",
};

const char *options_slurm_name(int id)
{
    return id > OPTION_SLURM_FIRST && id < OPTION_SLURM_LAST ? names[id - OPTION_SLURM_FIRST]
                                                             : NULL;
}

const char *options_slurm_value(const struct slurm_options *slurm, int id)
{
    return slurm->value[id - OPTION_SLURM_FIRST];
}

// What would take the job out of lopin's hands, and the option that says it here.
static int refuse_ours(const char *option, const struct opt_scan *scan, struct err *err)
{
    static const struct {
        const char *name, *cure;
    } ours[] = {
        {"--output", "-o PATTERN"}, {"--error", "-e PATTERN"},
        {"--wait", "--wait"},       {"--array", "lopin map"},
        {"--wrap", "lopin run"},    {"--chdir", "-D DIR"},
        {"--parsable", NULL},       {"--test-only", "--dry-run"},
        {"-o", "-o PATTERN"},       {"-e", "-e PATTERN"},
        {"-W", "--wait"},           {"-a", "lopin map"},
        {"-D", "-D DIR"},
    };
    for (size_t i = 0; i < COUNT(ours); i++) {
        size_t size = strlen(ours[i].name);
        int is_long = size > 2;
        if (strncmp(option, ours[i].name, size) != 0 ||
            (is_long && option[size] && option[size] != '='))
            continue;
        err_set(err, ERR_USAGE, _("option %s: lopin says %s itself"), scan->shown,
                ours[i].name);
        return ours[i].cure ? err_hint(err, "try", "%s", ours[i].cure) : -1;
    }
    return 0;
}

// "licenses=matlab", "--licenses=matlab", "--licenses matlab", "-L matlab": one word of sbatch.
static int take_other(struct slurm_options *slurm, const char *value,
                      const struct opt_scan *scan, struct err *err)
{
    int is_letter = value[0] == '-' && value[1] != '-';
    CLEANUP_FREE char *option = mem_print("%s%s", value[0] == '-' ? "" : "--", value);
    if (strlen(option) < (is_letter ? 2 : 3))
        return err_set(err, ERR_USAGE, _("option %s: '%s' is not %s"), scan->shown, value,
                       _("an option of sbatch"));
    char *blank = strchr(option, ' ');
    if (blank && is_letter && blank == option + 2)
        memmove(blank, blank + 1, strlen(blank));
    else if (blank && !is_letter && blank < option + strcspn(option, "="))
        *blank = '=';
    if (refuse_ours(option, scan, err) < 0)
        return -1;
    strv_add(&slurm->other, option);
    return 0;
}

int options_slurm_take(struct slurm_options *slurm, int id, const char *value,
                       const struct opt_scan *scan, struct err *err)
{
    if (id == OPTION_SLURM_OTHER)
        return take_other(slurm, value, scan, err);
    slurm->value[id - OPTION_SLURM_FIRST] = value ? value : "";
    return 0;
}

void options_slurm_words(const struct slurm_options *slurm, struct strv *into)
{
    for (size_t i = 0; i < SLURM_OPTIONS; i++) {
        const char *value = slurm->value[i];
        if (value && names[i] && i != OPTION_SLURM_CHDIR - OPTION_SLURM_FIRST)
            strv_take(into, mem_print("--%s%s%s", names[i], *value ? "=" : "", value));
    }
    strv_add_all(into, &slurm->other);
}

void options_slurm_free(struct slurm_options *slurm)
{
    strv_free(&slurm->other);
}
