// SPDX-License-Identifier: Apache-2.0
#include "cli/packs_hashes.h"

#include <string.h>

#include "base/lang.h"
#include "cli/packs_build.h"
#include "source/digest.h"

static struct packs_hashes *hashes_of(const struct packs *packs, struct piece normal)
{
    for (size_t i = 0; i < packs->hash_count; i++)
        if (piece_compare(packs->hashes[i].normal, normal) == 0)
            return &packs->hashes[i];
    return NULL;
}

void packs_hashes_add(struct packs *packs, struct piece normal, const char *value)
{
    struct piece rest = piece_of(value), name = piece_cut(&rest, ':');
    CLEANUP_FREE char *algorithm = mem_dupn(name.text, name.size);
    const char *digest = digest_text(&packs->arena, algorithm, rest);
    struct packs_hashes *hashes = hashes_of(packs, normal);
    if (!hashes) {
        mem_room(&packs->hashes, &packs->hash_room, packs->hash_count + 1,
                 sizeof *packs->hashes);
        hashes = &packs->hashes[packs->hash_count++];
        *hashes = (struct packs_hashes){.normal = normal};
    }
    if (!digest) // no file has it: but that there are hashes counts
        digest = arena_dup(&packs->arena, value);
    const char **more =
        arena_alloc(&packs->arena, (hashes->count + 1) * sizeof *hashes->digest);
    size_t place = 0;
    while (place < hashes->count && strcmp(hashes->digest[place], digest) < 0)
        place++;
    for (size_t i = 0; i < hashes->count; i++)
        more[i < place ? i : i + 1] = hashes->digest[i];
    more[place] = digest;
    hashes->digest = more;
    hashes->count++;
}

// 1: allowed, 0: not, -1: nothing is known before it is read.
static int allows(const struct packs_hashes *hashes, const struct source_file *file)
{
    CLEANUP_FREE char *digest = digest_wanted(file->sha256, file->digest);
    int is_comparable = 0;
    for (size_t i = 0; digest && i < hashes->count; i++) {
        size_t name = strcspn(digest, ":") + 1;
        is_comparable |= strncmp(hashes->digest[i], digest, name) == 0;
        if (strcmp(hashes->digest[i], digest) == 0)
            return 1;
    }
    return is_comparable ? 0 : -1;
}

const struct packs_hashes *packs_hashes_narrow(const struct packs *packs, const char *normal,
                                               const struct source_project *project)
{
    const struct packs_hashes *hashes = hashes_of(packs, piece_of(normal));
    for (size_t i = 0; hashes && i < project->count; i++)
        for (size_t k = 0; k < project->item[i].also_count; k++)
            if (allows(hashes, project->item[i].also[k]) == 1)
                return hashes;
    return NULL;
}

struct source_file *packs_hashes_pick(const struct packs_hashes *narrow,
                                      const struct source_version *version)
{
    if (!narrow)
        return version->file;
    for (size_t i = 0; i < version->also_count; i++)
        if (allows(narrow, version->also[i]) != 0)
            return version->also[i];
    return NULL;
}

// What was not read when it was chosen; a file of this site in place of the lock's has no hash.
static int check_pin(const struct packs_pin *pin, const struct source_file *file,
                     struct err *err)
{
    char sha256[SHA256_TEXT];
    if (pin->is_other || pin->sha256 || !file->sha256)
        return 0;
    if (!file->local) // compared when it was fetched
        return 0;
    if (sha256_file(file->path, sha256, err) < 0)
        return -1;
    if (strcmp(file->sha256, sha256) == 0)
        return 0;
    err_set(err, ERR_BAD_WHEEL, _("%s has another hash than the lock says"), file->name);
    err_hint(err, "found", "sha256:%s", sha256);
    return err_hint(err, "in", "%s", file->path);
}

static int missing(const struct source_file *file, struct err *err)
{
    err_set(err, ERR_USAGE, _("%s has no hash in the requirements, where others have one"),
            file->name);
    return err_hint(err, "try",
                    "pip-compile --generate-hashes, uv pip compile "
                    "--generate-hashes");
}

int packs_hashes_check(struct packs *packs, const struct solve_choice *choice,
                       const struct source_file *file, struct err *err)
{
    char found[DIGEST_TEXT] = "";
    const struct packs_hashes *hashes = hashes_of(packs, choice->normal);
    const struct packs_pin *pin = packs_pin_of(packs, choice->normal);
    if (pin)
        return check_pin(pin, file, err);
    if (!hashes && !packs->require_hashes && !packs->hash_count)
        return 0;
    if (!hashes) // a URL's own is compared where it is fetched
        return choice->url && digest_of_url(&packs->arena, choice->url) ? 0
                                                                        : missing(file, err);
    // Of what is built, that of its source.
    const struct packs_source *source = packs_source_of(packs, file);
    const char *path = source ? source->source : file->path;
    int fits = path ? digest_fits(path, hashes->digest, hashes->count, found, err)
                    : allows(hashes, file);
    if (fits)
        return path && fits < 0 ? -1 : 0;
    err_set(err, ERR_BAD_WHEEL, _("%s has another hash than the requirements say"), file->name);
    if (*found)
        err_hint(err, "found", "%s", found);
    return err_hint(err, "in", "%s", path ? path : file->url);
}
