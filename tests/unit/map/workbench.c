// SPDX-License-Identifier: Apache-2.0
#include "workbench.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "base/mem.h"
#include "dataset/expand.h"
#include "run/owner.h"

char *bench_path(const struct bench *bench, const char *name)
{
    return mem_print("%s/%s", bench->cwd, name);
}

static void make_datasets(struct bench *bench, const char *words)
{
    struct strv list CLEANUP_STRV = {0};
    strv_split(&list, words, ' ');
    const struct dataset_list lists = {.word = (const char *const *)list.item,
                                       .count = list.count};
    const struct dataset_options options = {.list = &lists, .lists = 1};
    assert_int_equal(datasets_read(&options, &bench->datasets, NULL), 0);
    assert_true(bench->datasets.count <= BENCH_DATASETS);
}

static void make_spec(struct bench *bench, const char *lines, unsigned slots, int outputs)
{
    struct spec *spec = &bench->spec;
    spec->cwd = mem_dup(bench->cwd);
    spec->script = mem_dup("sh");
    spec->script_path = mem_dup("/bin/sh");
    spec->program = mem_dup("/bin/sh");
    const char *const launch[] = {"sh", "-c", lines, "sh"};
    for (size_t i = 0; i < COUNT(launch); i++)
        strv_add(&spec->launch, launch[i]);
    strv_add(&spec->words, "{}");
    if (outputs) {
        strv_add(&spec->words, "{out}");
        spec->out = mem_dup("out/{/}");
    }
    spec->cores = spec->slots = slots;
    spec->threads = 1;
}

void bench_make(struct bench *bench, const char *name, const char *lines, const char *words,
                unsigned slots, int outputs)
{
    *bench = (struct bench){.folder = FOLDER_NONE};
    assert_int_equal(fs_make_dirs(AT_FDCWD, name, 0777, NULL), 0);
    bench->cwd = realpath(name, NULL);
    make_datasets(bench, words);
    make_spec(bench, lines, slots, outputs);
    struct expand *expand =
        expand_new((const char *const *)bench->spec.words.item, bench->spec.words.count, NULL,
                   &bench->datasets, outputs, NULL);
    assert_non_null(expand);
    expand_keys(expand, "/bin/sh", NULL, &bench->datasets);
    expand_free(expand);
    for (uint32_t i = 0; i < bench->datasets.count; i++) {
        bench->order[i] = i;
        bench->goal[i] = mem_print("%s/out/%s", bench->cwd, bench->datasets.item[i].text);
    }
    struct cpuset ours = {0};
    assert_int_equal(sched_getaffinity(0, sizeof ours.bits, (cpu_set_t *)ours.bits), 0);
    for (unsigned i = 0; i < BENCH_SLOTS; i++)
        bench->slot[i] = ours;
    vars_set(&bench->vars, "PATH", "/usr/bin:/bin");
    assert_int_equal(folder_make(bench->cwd, &bench->folder, NULL), 0);
    assert_int_equal(owner_take(bench->folder.fd, NULL), 0); // a runner looks whether it has it
    bench->temporary = bench_path(bench, "tmp");
    bench->run = (struct run){
        .spec = &bench->spec,
        .datasets = &bench->datasets,
        .order = bench->order,
        .count = bench->datasets.count,
        .goal = outputs ? (const char *const *)bench->goal : NULL,
        .slots = bench->slot,
        .vars = &bench->vars,
        .temporary = bench->temporary,
        .folder = &bench->folder,
    };
    bench->listener.context = bench;
}

static uint32_t index_of(const struct bench *bench, uint64_t key)
{
    for (uint32_t i = 0; i < bench->datasets.count; i++)
        if (bench->datasets.item[i].key == key)
            return i;
    fail_msg("a key that no dataset has");
    return 0;
}

static int each_record(void *context, const struct record *record, unsigned parcel,
                       unsigned restart)
{
    struct bench *bench = context;
    assert_int_equal(parcel, bench->run.parcel);
    assert_int_equal(restart, bench->run.restart);
    bench->all++;
    if (record->kind == RECORD_OPEN)
        bench->opened = bench->all;
    if (record->kind == RECORD_CLOSE)
        bench->closed = bench->all;
    if (record->kind != RECORD_START && record->kind != RECORD_END)
        return 0;
    mem_room(&bench->record, &bench->room, bench->records + 1, sizeof *bench->record);
    struct bench_record *into = &bench->record[bench->records++];
    *into = (struct bench_record){
        .kind = record->kind,
        .index = index_of(bench, record->key),
        .slot = record->slot,
        .attempt = record->attempt,
        .state = record->state,
        .code = record->code,
        .output_size = record->output_size,
        .output_inode = record->output_inode,
        .log_at = record->log_at,
        .log_size = record->log_size,
        .data_size = record->data_size,
    };
    snprintf(into->cause, sizeof into->cause, "%s", record->cause);
    snprintf(into->output, sizeof into->output, "%s", record->output);
    return 0;
}

void bench_read(struct bench *bench)
{
    bench->records = 0;
    bench->all = bench->opened = bench->closed = 0;
    assert_int_equal(journal_read(bench->folder.fd, each_record, bench, NULL, NULL), 0);
}

int bench_run(struct bench *bench)
{
    int result = runner_run(&bench->run, &bench->listener, &bench->result, &bench->err);
    if (result == 0)
        bench_read(bench);
    return result;
}

const struct bench_record *bench_end(const struct bench *bench, uint32_t index)
{
    for (size_t i = bench->records; i-- > 0;)
        if (bench->record[i].kind == RECORD_END && bench->record[i].index == index)
            return &bench->record[i];
    fail_msg("dataset %u has no end", index);
    return NULL;
}

void bench_free(struct bench *bench)
{
    for (size_t i = 0; i < bench->datasets.count; i++)
        free(bench->goal[i]);
    spec_free(&bench->spec);
    datasets_free(&bench->datasets);
    vars_free(&bench->vars);
    folder_free(&bench->folder);
    free(bench->temporary);
    free(bench->record);
    free(bench->cwd);
}
