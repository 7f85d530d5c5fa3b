// SPDX-License-Identifier: Apache-2.0
// threads_json: names are fixed; what is not known is null.
#include <math.h>

#include "base/mem.h"
#include "cli/json_text.h"
#include "cli/threads_show.h"

static void put(json_t *object, const char *name, json_t *value)
{
    json_object_set_new(object, name, value);
}

// Four decimals are more than is measured.
static json_t *number(double value)
{
    return json_real(round(value * 1e4) / 1e4);
}

static json_t *count(size_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *cpus_json(const struct cpuset *cpus)
{
    CLEANUP_STR struct str text = {0};
    if (!cpuset_count(cpus))
        return json_null();
    cpuset_format(cpus, &text);
    return json_string(text.text);
}

static json_t *word(const char *text)
{
    return text ? json_string(text) : json_null();
}

static void put_text(json_t *object, const char *name, const char *text)
{
    if (text)
        json_put_text(object, name, text);
    else
        put(object, name, json_null());
}

static json_t *library_json(const struct library *library)
{
    static const char *const kinds[] = {[LIBRARY_BLAS] = "blas",
                                        [LIBRARY_OPENMP] = "openmp",
                                        [LIBRARY_OTHER] = "other",
                                        [LIBRARY_UNKNOWN] = "unknown"};
    json_t *object = json_object();
    put(object, "kind", json_string(kinds[library->kind]));
    put(object, "name", word(library->name));
    put(object, "internal_api", word(library->api));
    put_text(object, "version", library->version);
    put_text(object, "package", library->package);
    put_text(object, "package_version", library->package_version);
    put(object, "variable", word(library->variable));
    put(object, "call", word(library->call));
    json_put_text(object, "path", library->path);
    return object;
}

static json_t *pool_json(const struct pool *pool)
{
    json_t *object = json_object();
    put(object, "library", count(pool->library));
    put(object, "threads",
        pool->from == POOL_UNKNOWN ? json_null() : json_integer(pool->threads));
    put(object, "from", json_string(pool_from_name(pool->from)));
    put(object, "by", pool->from == POOL_ENVIRONMENT ? word(pool->by) : json_null());
    return object;
}

static json_t *process_json(const struct scene *scene, size_t i)
{
    const struct census_process *process = &scene->census.item[i];
    const struct pace_process *pace = &scene->pace.item[i];
    const struct pools_process *pools = &scene->process[i].pools;
    const char state[2] = {process->state, '\0'};
    json_t *object = json_object(), *list = json_array();
    for (size_t k = 0; k < pools->count; k++)
        json_array_append_new(list, pool_json(&pools->pool[k]));
    put(object, "pid", json_integer(process->pid));
    put(object, "parent", json_integer(process->parent));
    put(object, "depth", json_integer(process->depth));
    put(object, "group", json_integer(scene->separate ? process->group : 0));
    json_put_text(object, "name", process->name);
    put(object, "state", json_string(state));
    put(object, "threads", count(pace->threads));
    put(object, "active", json_integer(pace->active));
    put(object, "cpus", cpus_json(&process->cpus));
    put(object, "run", number(pace->run));
    put(object, "wait", scene->pace.measured ? number(pace->wait) : json_null());
    put(object, "blocked", number(pace->blocked));
    put(object, "in_task", json_boolean(pools->in_task));
    put(object, "lost_hook", word(hook_name(pools->hook)));
    put(object, "hung", json_boolean(scene->process[i].waits_for_ever));
    put(object, "pools", pools->read > 0 ? list : json_null());
    if (pools->read <= 0)
        json_decref(list);
    return object;
}

static json_t *group_json(const struct scene *scene, size_t i)
{
    const struct scene_group *group = &scene->group[i];
    const struct verdict_facts *facts = &group->facts;
    CLEANUP_STR struct str libraries = {0}, text = {0}, cure = {0};
    struct words_case of = threads_case(scene, i, &libraries);
    words_add(&text, &of);
    words_add_cure(&cure, &of);
    json_t *object = json_object();
    put(object, "pid", json_integer(scene->root_count ? scene->roots[i] : 0));
    put(object, "cores", number(facts->cores));
    put(object, "cpus", cpus_json(&group->cpus));
    put(object, "quota", group->quota > 0 ? number(group->quota) : json_null());
    put(object, "processes", json_integer(group->processes));
    put(object, "active_processes", json_integer(facts->processes));
    put(object, "active_threads", json_integer(facts->threads));
    put(object, "run", number(facts->run));
    put(object, "wait", facts->measured ? number(facts->wait) : json_null());
    put(object, "demand", facts->measured ? number(verdict_demand(facts)) : json_null());
    put(object, "delay", facts->measured ? number(verdict_delay(facts)) : json_null());
    put(object, "blocked", number(facts->blocked));
    put(object, "callers", json_integer(facts->callers));
    put(object, "verdict", json_string(verdict_name(group->verdict)));
    put(object, "text", json_string(str_text(&text)));
    put(object, "cure", cure.size ? json_string(cure.text) : json_null());
    return object;
}

int threads_add_json(struct str *into, const struct scene *scene,
                     const struct threads_target *target)
{
    json_t *object = json_object();
    json_t *groups = json_array(), *processes = json_array(), *libraries = json_array();
    for (size_t i = 0; i < scene->groups; i++)
        if (scene->group[i].processes)
            json_array_append_new(groups, group_json(scene, i));
    for (size_t i = 0; i < scene->census.count; i++)
        json_array_append_new(processes, process_json(scene, i));
    for (size_t i = 0; i < scene->pools.count; i++)
        json_array_append_new(libraries, library_json(&scene->pools.library[i]));
    put(object, "v", json_integer(1));
    put(object, "run", target->run ? json_integer(target->run) : json_null());
    put(object, "job", word(target->job));
    put(object, "interval_s", number((double)scene->pace.interval_ns / 1e9));
    put(object, "measured", json_boolean(scene->pace.measured));
    put(object, "verdict",
        json_string(verdict_name(scene->groups ? scene->group[scene->worst].verdict
                                               : VERDICT_UNKNOWN)));
    put(object, "groups", groups);
    put(object, "processes", processes);
    put(object, "libraries", libraries);
    return json_add_line(into, object);
}
