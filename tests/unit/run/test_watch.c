// SPDX-License-Identifier: Apache-2.0
// A run of parcels side by side as somebody sees it who looks on.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "folder.h"
#include "run/watch.h"

enum { DATASETS = 10 };
#define S 1000000

struct scene {
    struct dataset item[DATASETS];
    struct saved saved;
    struct watch watch;
    struct journal *journal[4]; // of parcels 0-3
    int64_t now;
    unsigned dead;  // parcel
    unsigned ended; // that were told
};

static void on_end(void *context, uint32_t index, const struct record *record)
{
    struct scene *scene = context;
    (void)record;
    assert_true(index < DATASETS);
    scene->ended++;
}

static int is_alive(void *context, unsigned parcel, unsigned restart)
{
    const struct scene *scene = context;
    (void)restart;
    return parcel != scene->dead;
}

static void begin(struct scene *scene)
{
    *scene = (struct scene){.saved = SAVED_NONE, .now = clock_wall_us(), .dead = UINT32_MAX};
    assert_int_equal(fs_remove(AT_FDCWD, "run"), 0);
    assert_int_equal(fs_make_dirs(AT_FDCWD, "run", 0700, NULL), 0);
    for (unsigned i = 0; i < DATASETS; i++)
        scene->item[i] = (struct dataset){.text = "d", .key = 100 + i, .number = i + 1};
    struct saved *saved = &scene->saved;
    saved->folder =
        (struct folder){.fd = folder_fd("run"), .number = 1, .path = mem_dup("run")};
    saved->spec = (struct spec){.cores = 2, .slots = 2, .threads = 1};
    saved->datasets = (struct datasets){.item = scene->item, .count = DATASETS, .columns = 1};
    state_begin(&saved->state, &saved->datasets);
    watch_begin(&scene->watch, saved);
    scene->watch.ended.call = on_end;
    scene->watch.ended.context = scene;
    scene->watch.alive.call = is_alive;
    scene->watch.alive.context = scene;
}

static void end(struct scene *scene)
{
    watch_end(&scene->watch);
    for (size_t i = 0; i < COUNT(scene->journal); i++)
        journal_free(scene->journal[i]);
    state_free(&scene->saved.state);
    close(scene->saved.folder.fd);
    free(scene->saved.folder.path);
}

// `since`: seconds ago.
static void add(struct scene *scene, unsigned parcel, enum record_kind kind, unsigned index,
                unsigned attempt, int since)
{
    const struct record record = {
        .kind = kind,
        .key = 100 + index,
        .attempt = attempt,
        .slot = 1,
        .wall_us = scene->now - (int64_t)since * S,
        .duration_us = 40 * (int64_t)S,
        .log_at = -1,
        .cores = 2 + parcel,
        .slots = 1 + parcel,
        .memory_kb = 1000,
    };
    assert_int_equal(journal_write(scene->journal[parcel], &record, NULL), 0);
}

static void open_parcel(struct scene *scene, unsigned parcel, unsigned restart, int since)
{
    journal_free(scene->journal[parcel]);
    scene->journal[parcel] = journal_new(scene->saved.folder.fd, parcel, restart, NULL);
    assert_non_null(scene->journal[parcel]);
    add(scene, parcel, RECORD_OPEN, 0, 0, since);
}

static struct progress look(struct scene *scene)
{
    struct progress progress;
    assert_int_equal(watch_look(&scene->watch, &progress, NULL), 0);
    return progress;
}

static void assert_elapsed(const struct progress *progress, int seconds)
{
    assert_true(progress->elapsed_us >= (int64_t)seconds * S &&
                progress->elapsed_us < (int64_t)(seconds + 300) * S);
}

static void test_parcels(void **unused)
{
    (void)unused;
    struct scene scene;
    begin(&scene);
    struct progress progress = look(&scene);
    assert_int_equal(progress.cores, 2); // nothing has begun
    assert_int_equal(progress.elapsed_us, 0);
    open_parcel(&scene, 1, 0, 2000);
    open_parcel(&scene, 3, 0, 1000);
    add(&scene, 1, RECORD_START, 0, 1, 1000);
    add(&scene, 1, RECORD_END, 0, 1, 960);
    add(&scene, 1, RECORD_START, 1, 1, 900);
    add(&scene, 3, RECORD_START, 2, 1, 800);
    progress = look(&scene);
    assert_int_equal(progress.cores, 3 + 5);
    assert_int_equal(progress.slots, 2 + 4);
    assert_int_equal(progress.memory_limit_kb, 2000);
    assert_int_equal(progress.done, 1);
    assert_int_equal(progress.running, 2);
    assert_int_equal(scene.ended, 1);
    assert_true(progress.left_us > 0);
    assert_elapsed(&progress, 2000);
    // a node dies, and a third parcel takes what that one had
    scene.dead = 3;
    open_parcel(&scene, 2, 0, 10);
    add(&scene, 2, RECORD_START, 2, 2, 9);
    progress = look(&scene);
    assert_int_equal(progress.cores, 3 + 4);
    assert_int_equal(progress.running, 2);
    assert_true(watch_runs(&scene.watch, 1) && watch_runs(&scene.watch, 2));
    add(&scene, 3, RECORD_END, 2, 1, 5); // it was only silent: what it says is older
    progress = look(&scene);
    assert_int_equal(progress.done, 1);
    assert_int_equal(progress.running, 2);
    // a parcel begins again: what it had is not running
    open_parcel(&scene, 1, 1, 3);
    progress = look(&scene);
    assert_int_equal(progress.running, 1);
    assert_int_equal(progress.cores, 3 + 4);
    assert_elapsed(&progress, 2000); // never less than at the look before
    // two are closed in order, none is left
    add(&scene, 1, RECORD_CLOSE, 0, 0, 1);
    add(&scene, 2, RECORD_END, 2, 2, 1);
    add(&scene, 2, RECORD_CLOSE, 0, 0, 1);
    progress = look(&scene);
    assert_int_equal(progress.running, 0);
    assert_int_equal(progress.done, 2);
    assert_int_equal(progress.cores, 2);
    end(&scene);
}

// One parcel, as runs on one machine have it.
static void test_resumption(void **unused)
{
    (void)unused;
    struct scene scene;
    begin(&scene);
    open_parcel(&scene, 0, 0, 5000);
    add(&scene, 0, RECORD_START, 0, 1, 4900);
    open_parcel(&scene, 0, 1, 500);
    add(&scene, 0, RECORD_START, 1, 1, 400);
    struct progress progress = look(&scene);
    assert_int_equal(progress.running, 1);
    assert_int_equal(progress.left_us, -1);
    assert_elapsed(&progress, 500);
    assert_true(progress.elapsed_us < 4000 * (int64_t)S);
    open_parcel(&scene, 0, 2, 20);
    add(&scene, 0, RECORD_START, 1, 2, 10);
    progress = look(&scene);
    assert_int_equal(progress.running, 1);
    assert_int_equal(progress.cores, 2);
    end(&scene);
}

// Whether a parcel is alive is known by its claim.
static void test_claims(void **unused)
{
    (void)unused;
    struct scene scene;
    begin(&scene);
    struct watch *watch = &scene.watch;
    struct progress progress;
    watch_end(watch);
    watch_begin(watch, &scene.saved);
    open_parcel(&scene, 3, 0, 50);
    add(&scene, 3, RECORD_START, 1, 1, 40);
    assert_int_equal(watch_look(watch, &progress, NULL),
                     0); // it has none, and nobody has the run
    assert_int_equal(progress.running, 0);
    const struct round round = {.number = 1};
    const struct claims_ask ask = {
        .run_dir = scene.saved.folder.fd, .round = &round, .job = "8.0", .parcel = 3};
    struct claims *claims = claims_new(&ask, NULL);
    assert_non_null(claims);
    watch->looked_us = 0; // as if it were long ago
    assert_int_equal(watch_look(watch, &progress, NULL), 1);
    assert_int_equal(progress.running, 1);
    assert_int_equal(progress.cores, 5);
    claims_leave(claims, 9);
    claims_free(claims);
    watch->looked_us = 0;
    assert_int_equal(watch_look(watch, &progress, NULL), 0);
    assert_int_equal(progress.running, 0);
    end(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parcels),
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_claims),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
