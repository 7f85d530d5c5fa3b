// SPDX-License-Identifier: Apache-2.0
#include "cli/env_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/left.h"
#include "cli/config.h"
#include "cli/env_counted.h"
#include "cli/env_unpack.h"
#include "cli/fitness.h"
#include "cli/line_modules.h"
#include "cli/packs_advice.h"
#include "cli/packs_line.h"
#include "cli/packs_memo.h"
#include "cli/packs_put.h"
#include "cli/path_packages.h"
#include "cli/program.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "env/lost.h"
#include "wheel/pyproject.h"

enum { SCRIPT_MAX = 16 << 20 };

// Mostly all above it is there.
static int make_folder(const char *above, const char *path, const char *prefix, struct err *err)
{
    if (mkdir(path, 0777) == 0)
        return 0;
    if (errno == ENOENT && fs_make_dirs(AT_FDCWD, above, 0777, err) < 0)
        return -1;
    if (fs_remove(AT_FDCWD, path) < 0 || mkdir(path, 0777) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), prefix);
    return 0;
}

// What killed ones left begins with: ".ENV.lopin-". Yours.
static char *beside_of(const char *goal)
{
    return mem_print(".%s.lopin-", fs_base(goal));
}

void env_sweep(const char *goal)
{
    CLEANUP_FREE char *real = realpath(goal, NULL);
    CLEANUP_FREE char *folder = fs_folder(real ? real : goal);
    CLEANUP_FREE char *prefix = beside_of(real ? real : goal);
    left_sweep(folder, prefix);
}

// The folder above, which may be a large one, is not read where the store says that this environment was
// never begun: what was begun without a word to it waits for the next one, or for `lopin env gc`.
static char *place_beside(const struct packs *packs, const char *prefix, const char *goal,
                          const char *folder)
{
    CLEANUP_FREE char *begin = beside_of(goal);
    enum link_mode link = packs ? packs->cli->options.pack.link : LINK_COPY;
    int links = link != LINK_COPY && link != LINK_HARD;
    return links && packs_lease(packs, prefix) ? left_name(folder, begin)
                                               : left_begin(folder, begin);
}

int env_make(const struct venv_ask *ask, struct packs *packs, int old, struct err *err)
{
    struct site site = {0};
    // A link to a folder stays one: what it leads to is replaced.
    CLEANUP_FREE char *real = old ? realpath(ask->prefix, NULL) : NULL;
    const char *goal = real ? real : ask->prefix;
    CLEANUP_FREE char *folder = fs_folder(goal);
    CLEANUP_FREE char *beside = place_beside(packs, ask->prefix, goal, folder);
    if (make_folder(folder, beside, ask->prefix, err) < 0)
        return -1;
    struct venv_ask frame = *ask;
    frame.no_packages = packs && packs->shared;
    int status = venv_write(&frame, beside, err);
    if (status == 0 && packs) {
        site_name(beside, ask->facts->version, &site);
        status = packs_put(packs, &site, ask->prefix, 1, err);
    }
    if (status == 0 && fs_exchange(beside, goal, old) < 0)
        status = err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s'"), ask->prefix);
    int errnum = errno;
    if (old || status < 0)
        fs_remove(AT_FDCWD, beside); // what was there before, or what could not be finished
    site_free(&site);
    errno = errnum;
    return status;
}

// Of what is in it: the same packages for the same interpreter are the same environment.
char *env_name(struct packs *packs, const char *folder, const char *ending)
{
    struct hash hash;
    const struct facts *facts = &packs->python->facts;
    hash_begin(&hash);
    hash_text(&hash, "2");
    hash_text(&hash, facts->program);
    hash_text(&hash, facts->version);
    hash_part(&hash, &packs->cli->options.pack.link, sizeof packs->cli->options.pack.link);
    line_modules_hash(packs->cli, &hash); // what is built is built with them
    for (size_t i = 0; i < packs->solution.count; i++) {
        hash_part(&hash, packs->solution.choice[i].normal.text,
                  packs->solution.choice[i].normal.size);
        const char *entry = packs->entry[i].folder; // a node's own disk has many names
        hash_text(&hash, entry && packs->local ? fs_base(entry) : entry);
        if (!packs->file[i]) // a module's
            hash_part(&hash, packs->solution.choice[i].candidate->version.text.text,
                      packs->solution.choice[i].candidate->version.text.size);
        if (packs->file[i])
            hash_text(&hash, packs_origin(packs, packs->file[i]).house); // its stamp differs
    }
    return mem_print("%s/%s/%016llx%s", packs->cache, folder,
                     (unsigned long long)hash_end(&hash), ending);
}

// Whether it is one; that it is used is its pyvenv.cfg's time, to an hour (`lopin env gc`).
static int is_env(const char *path)
{
    enum { HOUR = 3600 };
    struct stat st;
    CLEANUP_FREE char *config = mem_print("%s/pyvenv.cfg", path);
    if (stat(config, &st) < 0)
        return 0;
    if (time(NULL) - st.st_mtime > HOUR)
        utimensat(AT_FDCWD, config, NULL, 0);
    return 1;
}

// "numpy 2.1.0, scipy 1.14.1 and 12 more": what was asked for, and how many came with it.
static void add_packages(const struct packs *packs, struct str *text)
{
    size_t more = 0;
    for (size_t i = 0; i < packs->solution.count; i++) {
        const struct solve_choice *choice = &packs->solution.choice[i];
        if (!packs_is_wanted(packs, choice))
            more++;
        else
            str_print(text, ", %.*s %.*s", (int)choice->normal.size, choice->normal.text,
                      (int)choice->candidate->version.text.size,
                      choice->candidate->version.text.text);
    }
    if (more)
        str_print(text, _(" and %zu more"), more);
}

void env_say_made(const struct packs *packs, int again, int64_t took_us)
{
    CLEANUP_STR struct str text = {0};
    add_packages(packs, &text);
    say_label(packs->cli, _("env"),
              again ? _("python %s%s   made again in %.1f s, as parts of it were gone")
                    : _("python %s%s   made in %.1f s"),
              packs->python->facts.version, str_text(&text), (double)took_us / 1e6);
}

static void say_would(const struct packs *packs)
{
    CLEANUP_STR struct str text = {0};
    add_packages(packs, &text);
    say_label(packs->cli, _("env"), _("python %s%s   would be made"),
              packs->python->facts.version, str_text(&text));
}

// `again`: what is there is damaged, and perhaps what it is linked to.
static int make_for_line(struct packs *packs, int again, char **ret, struct err *err)
{
    int64_t begin = clock_boot_us();
    if (!packs->file && packs_solve(packs, err) < 0)
        return -1;
    if (packs->cli->options.dry_run) {
        say_would(packs);
        return 0;
    }
    packs->check = again;
    if (packs_fill(packs, err) < 0)
        return -1;
    CLEANUP_FREE char *goal = env_name(packs, "envs", "");
    CLEANUP_FREE char *lopin = fs_self();
    CLEANUP_FREE char *modules = line_modules_joined(packs->cli);
    const struct venv_ask ask = {.prefix = goal,
                                 .modules = modules,
                                 .facts = &packs->python->facts,
                                 .version = LOPIN_VERSION,
                                 .lopin = lopin,
                                 .no_pip = 1};
    // Another process may make it at the same time: whose rename comes second uses the first's.
    // It appears whole, so one without its pyvenv.cfg is what is left of it.
    int is_new = again || !is_env(goal);
    int old = is_new && access(goal, F_OK) == 0;
    if (is_new && env_make(&ask, packs, old, err) < 0 && (old || !is_env(goal)))
        return packs_advise_cache(packs, err);
    if (err)
        *err = (struct err){0};
    if (is_new)
        env_say_made(packs, again || old, clock_boot_us() - begin);
    packs_say_notes(packs);
    *ret = TAKE(goal);
    return 0;
}

// Whether it can be used: what a task's interpreter is asked before it starts, once for both.
static int check(const struct cli *cli, const struct python *python, const char *prefix,
                 struct err *err)
{
    CLEANUP_FREE char *path = mem_print("%s/bin/python", prefix);
    struct python made = *python;
    made.path = path;
    made.facts.prefix = (char *)prefix;
    return lost_check(prefix, err) < 0 ? -1 : fitness_check(cli, &made, err);
}

// Parts of the cache may be gone: somebody tidied up, or files that nobody read for long are removed.
static int make_whole(struct packs *packs, char **ret, struct err *err)
{
    struct err why = {0};
    if (check(packs->cli, packs->python, *ret, &why) == 0)
        return 0;
    if (why.code == ERR_ENV_BROKEN) {
        free(TAKE(*ret));
        free(TAKE(packs->shared));
        if (make_for_line(packs, 1, ret, err) < 0)
            return -1;
        return check(packs->cli, packs->python, *ret, err);
    }
    if (err)
        *err = why;
    return -1;
}

void env_keep_memo(const struct cli *cli, const char *memo, const char *env)
{
    struct err err = {0};
    if (packs_memo_write(memo, env, &err) < 0)
        say(cli, _("the same line will take as long again: %s"), err.text);
}

static int find_or_make(struct cli *cli, const struct python *python, const struct strv *words,
                        char **ret, struct err *err)
{
    struct packs packs = {0};
    struct dists dists = {0};
    const struct packs_ask ask = {cli, python, &dists, words};
    int status = path_packages_read(cli, &dists, NULL, err) < 0
                     ? -1
                     : packs_open_line(&ask, &packs, err);
    CLEANUP_FREE char *memo = status == 0 ? packs_memo_name(&packs) : NULL;
    int known = memo && packs_memo_read(memo, ret) == 0 && is_env(*ret);
    int counts = status == 0 && !known && cli->config && cli->config->site.files_counted;
    int done = counts && !cli->options.dry_run ? env_counted(cli, &ask, memo, ret, err) : 0;
    if (!known && !done) {
        free(TAKE(*ret));
        if (status == 0)
            status = make_for_line(&packs, 0, ret, err);
    }
    CLEANUP_FREE char *found = mem_dup(*ret);
    if (done < 0)
        status = -1;
    if (status == 0 && *ret && !done)
        status = make_whole(&packs, ret, err);
    if (status == 0 && memo && *ret && !done && (!known || strcmp(found, *ret) != 0))
        env_keep_memo(cli, memo, *ret);
    packs_free(&packs);
    dists_free(&dists);
    return status;
}

// Whether a block begins that does not end: it is none (PEP 723), which is not what was meant.
static int is_open(const char *text)
{
    static const char first[] = "# /// script";
    for (const char *at = text; (at = strstr(at, first)); at += strlen(first)) {
        char after = at[strlen(first)];
        if ((at == text || at[-1] == '\n') && (after == '\n' || after == '\r'))
            return 1;
    }
    return 0;
}

// What the header of a script asks for (PEP 723): requirements, and which Python (yours, or NULL).
// Returns 1, 0 if it has none, or -1 with err.
static int read_header(const struct cli *cli, const char *script, struct strv *ret_words,
                       char **ret_python, struct err *err)
{
    struct arena arena = {0};
    struct pyproject project;
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = fs_absolute(cli->cwd, script);
    if (!program_is_python(path) || fs_read(AT_FDCWD, path, SCRIPT_MAX, &text, NULL) < 0)
        return 0;
    int found =
        pyproject_script(&arena, (struct piece){str_text(&text), text.size}, &project, err);
    if (found < 0) {
        err_wrap(err, "%s", script);
        err_hint(err, "try", "# dependencies = [\"numpy\", \"scipy>=1.13\"]");
    }
    if (!found && is_open(str_text(&text)))
        say(cli, _("%s: the block '# /// script' has no end '# ///', and is not read"), script);
    for (size_t i = 0; found > 0 && i < project.count; i++) {
        CLEANUP_STR struct str word = {0};
        require_add(&word, project.require[i]);
        strv_add(ret_words, str_text(&word));
    }
    *ret_python = found > 0 ? mem_dup(project.requires_python) : NULL;
    arena_free(&arena);
    return found;
}

static int make_for(struct cli *cli, const struct strv *words, const char *want,
                    struct err *err)
{
    struct python python = {0};
    CLEANUP_FREE char *cache = setting_cache(cli);
    if (line_modules_python(cli, want, err) < 0)
        return -1;
    const struct python_ask ask = {
        .want = want, .vars = &cli->vars, .cache = cache, .also = config_pythons(cli)};
    if (python_find(&ask, &python, err) < 0)
        return fitness_why(cli, NULL, err); // an active environment that is broken
    int status = find_or_make(cli, &python, words, &cli->made_env, err);
    python_free(&python);
    if (status < 0 || !cli->made_env)
        return status;
    cli->options.env = cli->made_env;
    cli->options.python = NULL;
    return 0;
}

int env_for_line(struct cli *cli, const char *script, struct err *err)
{
    CLEANUP_STRV struct strv words = {0};
    int asked = options_pack_any(&cli->options.pack) || cli->options.pack.frozen;
    if (cli->options.env && asked) {
        err_set(err, ERR_USAGE,
                _("--env takes an environment as it is, --with and -r make one"));
        return err_hint(err, "try", "lopin pip --env %s install ...", cli->options.env);
    }
    if (cli->options.env)
        return env_unpack_for_line(cli, err);
    int header = cli->options.pack.frozen || !script
                     ? 0
                     : read_header(cli, script, &words, &cli->made_python, err);
    if (header < 0 || (!header && !asked))
        return header;
    if (!cli->options.python)
        cli->options.python = cli->made_python;
    return words.count || asked ? make_for(cli, &words, cli->options.python, err) : 0;
}
