// SPDX-License-Identifier: Apache-2.0
#include "cli/fitness_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "cli/say.h"
#include "cli/setting.h"
#include "machine/isa.h"

enum { PROBE_US = 120 * 1000000 };

extern const unsigned char probe_bytes[]; // python/embedded/probe.py

// CACHE/probed/HASH: of the interpreter, the packages and what the processor has. Yours.
static char *memo_name(const struct cli *cli, const struct python *python,
                       const struct fit *fit, const struct stamp_machine *machine)
{
    struct hash hash;
    CLEANUP_FREE char *cache = setting_cache(cli);
    hash_begin(&hash);
    hash_text(&hash, "lopin-probed 1");
    hash_text(&hash, python->facts.program);
    hash_text(&hash, python->facts.version);
    hash_part(&hash, &machine->cpu, sizeof machine->cpu);
    for (size_t i = 0; i < fit->stamp.count; i++) { // others of it may be what they load
        hash_text(&hash, fit->stamp.item[i].info);
        hash_text(&hash, fit->stamp.item[i].why);
    }
    return mem_print("%s/probed/%016llx", cache, (unsigned long long)hash_end(&hash));
}

// What the child says, until its end or its time is over.
static void drain(int fd, struct str *ret)
{
    int64_t end = clock_boot_us() + PROBE_US;
    for (;;) {
        char bytes[4096];
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = (end - clock_boot_us()) / 1000;
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        ssize_t size = ready > 0 ? read(fd, bytes, sizeof bytes) : 0;
        if (size <= 0)
            return;
        str_add_bytes(ret, bytes, (size_t)size);
    }
}

static pid_t start(const struct cli *cli, const struct python *python, const struct site *site,
                   const struct fit *fit, int out)
{
    CLEANUP_STRV struct strv argv = {0};
    CLEANUP_CLOSE int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    const char *const first[] = {python->path, "-E", "-s", "-c", (const char *)probe_bytes};
    for (size_t i = 0; i < COUNT(first); i++)
        strv_add(&argv, first[i]);
    for (size_t i = 0; i < fit->count; i++)
        if (fit->item[i].kind == FIT_UNKNOWN)
            strv_take(&argv, mem_print("%s/%s", site->packages, fit->item[i].package->info));
    const struct proc proc = {.path = python->path,
                              .argv = argv.item,
                              .envp = cli->vars.list.item,
                              .folder = -1,
                              .in = null,
                              .out = out,
                              .error = null,
                              .own_group = 1,
                              .dies_with_us = 1};
    return proc_start(&proc);
}

// The text at which it died: "INFO MODULE", or "" if it did not by an illegal instruction. Returns 0, or
// -1: it could not be asked.
static int ask(const struct cli *cli, const struct python *python, const struct site *site,
               const struct fit *fit, struct str *ret)
{
    int pipes[2];
    int status = 0;
    CLEANUP_STR struct str said = {0};
    CLEANUP_STRV struct strv words = {0};
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = start(cli, python, site, fit, pipes[1]);
    close(pipes[1]);
    if (pid > 0)
        drain(pipes[0], &said);
    close(pipes[0]);
    if (pid < 0)
        return -1;
    kill(-pid, SIGKILL); // after its end this reaches only what it left
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGILL)
        return 0;
    for (size_t at = 0; at < said.size; at += strlen(said.text + at) + 1)
        strv_add(&words, said.text + at);
    if (words.count >= 2)
        str_print(ret, "%s %s", fs_base(words.item[words.count - 2]),
                  words.item[words.count - 1]);
    return 0;
}

static int refuse(const char *found, const struct site *site, const struct fit *fit,
                  const struct stamp_machine *machine, struct err *err)
{
    size_t length = strcspn(found, " ");
    for (size_t i = 0; i < fit->count; i++) {
        const struct stamp_package *package = fit->item[i].package;
        if (fit->item[i].kind != FIT_UNKNOWN || strlen(package->info) != length ||
            memcmp(package->info, found, length) != 0)
            continue;
        err_set(err, ERR_CPU_LEVEL,
                _("%s %s meets an instruction that this processor (%s) does not have"),
                package->name, package->version, isa_level(machine->cpu));
        err_hint(err, "found", _("import %s ends so; it was installed on %s"),
                 found[length] ? found + length + 1 : "", package->made);
        err_hint(err, "in", "%s", site->prefix);
        return err_hint(err, "try", "lopin wheels %s --all-versions --all-archs",
                        package->name);
    }
    return 0;
}

int fitness_probe(const struct cli *cli, const struct python *python, const struct site *site,
                  const struct fit *fit, const struct stamp_machine *machine, struct err *err)
{
    static const char head[] = "lopin-probed 1\n";
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str found = {0};
    if (!fit->count || fit->item[fit->count - 1].kind != FIT_UNKNOWN)
        return 0;
    CLEANUP_FREE char *memo = memo_name(cli, python, fit, machine);
    if (fs_read(AT_FDCWD, memo, 1 << 16, &text, NULL) == 0 && str_starts(text.text, head))
        return refuse(text.text + sizeof head - 1, site, fit, machine, err);
    say(cli,
        _("this processor has less than the one that made the environment: its packages are "
          "tried once"));
    if (ask(cli, python, site, fit, &found) < 0)
        return 0;
    CLEANUP_FREE char *folder = fs_folder(memo);
    str_clear(&text);
    str_print(&text, "%s%s", head, str_text(&found));
    if (fs_make_dirs(AT_FDCWD, folder, 0700, NULL) == 0)
        fs_replace(AT_FDCWD, memo, text.text, text.size, 0600, 0, NULL);
    return refuse(str_text(&found), site, fit, machine, err);
}
