// SPDX-License-Identifier: Apache-2.0
#include "site/site_slurm.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/size.h"
#include "base/span.h"
#include "site/site_parts.h"

static int wrong(const struct toml_value *value, const char *wanted, struct err *err)
{
    return err_set(err, ERR_CONFIG, _("%s must be %s"), value->key, wanted);
}

static const char *plain_text(const struct toml_value *value)
{
    const char *text = toml_text(value);
    return text && strlen(text) == value->size && !strpbrk(text, " \t\r\n") ? text : NULL;
}

static int read_name(const struct toml_value *value, int may_be_empty, const char **ret,
                     struct err *err)
{
    const char *text = plain_text(value);
    if (!text || (!*text && !may_be_empty))
        return wrong(value, _("a name"), err);
    *ret = text;
    return 0;
}

static int read_number(const struct toml_value *value, unsigned long *ret, struct err *err)
{
    if (value->kind != TOML_INTEGER || value->integer < 1 || value->integer > INT_MAX)
        return wrong(value, _("a number from 1"), err);
    *ret = (unsigned long)value->integer;
    return 0;
}

static int read_time(const struct toml_value *value, int64_t *ret_us)
{
    const char *text = plain_text(value);
    return text ? span_read(text, ret_us) : -1;
}

static int read_steps(const struct toml_value *value, struct site_slurm *ret, unsigned *line,
                      struct err *err)
{
    if (value->kind != TOML_ARRAY)
        return wrong(value, _("a list of times"), err);
    free(ret->step_us); // of a file that is read again
    ret->step_us = mem_zero(value->count + 1, sizeof *ret->step_us);
    for (size_t i = 0; i < value->count; i++) {
        *line = value->item[i].line;
        if (read_time(&value->item[i], &ret->step_us[i]) < 0) {
            wrong(value, _("a list of times"), err);
            return err_hint(err, "try", "time-steps = [\"3:00:00\", \"12:00:00\", \"3-0\"]");
        }
        if (i && ret->step_us[i] <= ret->step_us[i - 1])
            return err_set(err, ERR_CONFIG, _("%s: each is longer than the one before it"),
                           value->key);
    }
    ret->step_count = value->count;
    return 0;
}

static int read_from_nodes(const struct toml_value *value, int *ret_not, struct err *err)
{
    if (value->kind != TOML_BOOLEAN)
        return wrong(value, _("true or false"), err);
    *ret_not = value->integer == 0;
    return 0;
}

static int read_least(const struct toml_value *value, int64_t *ret, struct err *err)
{
    if (read_time(value, ret) == 0)
        return 0;
    wrong(value, _("a time"), err);
    return err_hint(err, "try", "%s = \"1:00:00\"", value->key);
}

static int read_size(const struct toml_value *value, int64_t *ret, struct err *err)
{
    const char *text = plain_text(value);
    if (text && size_parse(text, ret) == 0 && *ret > 0)
        return 0;
    wrong(value, _("an amount of memory"), err);
    return err_hint(err, "try", "%s = \"4G\"", value->key);
}

static int read_value(const struct toml_value *value, struct site_slurm *ret, unsigned *line,
                      struct err *err)
{
    static const char *const known[] = {"partition",         "account",    "max-queued",
                                        "min-job",           "time-steps", "core-equivalent",
                                        "submit-from-nodes", "array-size", NULL};
    size_t which = 0;
    while (known[which] && strcmp(known[which], value->key) != 0)
        which++;
    switch (which) {
    case 0: ret->partition_line = value->line; return read_name(value, 1, &ret->partition, err);
    case 1: return read_name(value, 0, &ret->account, err);
    case 2: return read_number(value, &ret->max_queued, err);
    case 3: return read_least(value, &ret->least_us, err);
    case 4: return read_steps(value, ret, line, err);
    case 5: return read_size(value, &ret->core_kb, err);
    case 6: return read_from_nodes(value, &ret->not_from_nodes, err);
    case 7: return read_number(value, &ret->array_size, err);
    default: return site_unknown_key(value->key, known, err);
    }
}

int site_slurm_read(const struct toml_value *table, struct site_slurm *ret, unsigned *line,
                    struct err *err)
{
    if (table->kind != TOML_TABLE)
        return wrong(table, _("a table"), err);
    for (size_t i = 0; i < table->count; i++) {
        *line = table->item[i].line;
        if (read_value(&table->item[i], ret, line, err) < 0)
            return -1;
    }
    return 0;
}

void site_slurm_free(struct site_slurm *slurm)
{
    free(slurm->step_us);
    *slurm = (struct site_slurm){0};
}
