// SPDX-License-Identifier: Apache-2.0
#include "module/rc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "module/spec.h"

struct reader {
    const char *at, *end;
    struct strv names, values; // of set
};

void rc_add(struct rc *rc, enum rc_kind kind, const char *name, const char *target)
{
    const struct rc_entry entry = {
        .kind = kind, .name = (char *)name, .target = (char *)target};
    rc_add_entry(rc, &entry);
}

static char *dup(const char *text)
{
    return mem_dup(text ? text : "");
}

void rc_add_entry(struct rc *rc, const struct rc_entry *entry)
{
    mem_room(&rc->item, &rc->room, rc->count + 1, sizeof *rc->item);
    rc->item[rc->count++] = (struct rc_entry){.kind = entry->kind,
                                              .name = dup(entry->name),
                                              .target = dup(entry->target),
                                              .words = dup(entry->words),
                                              .nearly = dup(entry->nearly),
                                              .when = dup(entry->when)};
}

void rc_move(struct rc *from, struct rc *into)
{
    for (size_t i = 0; i < from->count; i++) {
        mem_room(&into->item, &into->room, into->count + 1, sizeof *into->item);
        into->item[into->count++] = from->item[i];
    }
    free(from->item);
    *from = (struct rc){0};
}

int rc_is_about(const struct rc_entry *entry, const char *full, const char *name,
                const char *file)
{
    const char *target = entry->target;
    size_t size = strlen(target), name_size = name ? strlen(name) : 0;
    int is_file = size && strncmp(target, file, size) == 0 &&
                  (!file[size] || strcmp(file + size, ".lua") == 0);
    if (name && strncmp(target, name, name_size) == 0 && target[name_size] == '@' &&
        strncmp(full, name, name_size) == 0 && full[name_size] == '/' &&
        spec_fits(target + name_size + 1, full + name_size + 1))
        return 1;
    return is_file || strcmp(target, full) == 0 || (name && strcmp(target, name) == 0);
}

void rc_free(struct rc *rc)
{
    for (size_t i = 0; i < rc->count; i++) {
        free(rc->item[i].name);
        free(rc->item[i].target);
        free(rc->item[i].words);
        free(rc->item[i].nearly);
        free(rc->item[i].when);
    }
    free(rc->item);
    *rc = (struct rc){0};
}

void rc_add_version(struct rc *rc, const char *name, const char *module, const char *version)
{
    CLEANUP_FREE char *target = NULL;
    if (str_starts(module, "./"))
        module++;
    if (*module == '/')
        target = mem_print("%s%s", name, module);
    else if (strchr(module, '/') || !*name)
        target = mem_dup(module);
    else
        target = mem_print("%s/%s", name, module);
    const char *slash = strrchr(target, '/');
    if (!slash || slash == target)
        return;
    CLEANUP_FREE char *full = mem_print("%.*s/%s", (int)(slash - target), target, version);
    rc_add(rc, RC_VERSION, full, target);
}

static const char *value_of(const struct reader *reader, const char *name, size_t size)
{
    for (size_t i = reader->names.count; i-- > 0;)
        if (strlen(reader->names.item[i]) == size &&
            strncmp(reader->names.item[i], name, size) == 0)
            return reader->values.item[i];
    return NULL;
}

// $name or ${name}. Returns 0, or -1: it is not known.
static int add_variable(struct reader *reader, struct str *word)
{
    reader->at++;
    int braced = reader->at < reader->end && *reader->at == '{';
    reader->at += braced;
    const char *start = reader->at;
    while (reader->at < reader->end &&
           (isalnum((unsigned char)*reader->at) || *reader->at == '_'))
        reader->at++;
    const char *value = value_of(reader, start, (size_t)(reader->at - start));
    if (braced && reader->at < reader->end)
        reader->at++;
    if (!value)
        return -1;
    str_add(word, value);
    return 0;
}

static int ends_word(char byte)
{
    return isspace((unsigned char)byte) || byte == ';';
}

// {...}: as it stands, nested ones too.
static void add_braced(struct reader *reader, struct str *word)
{
    int depth = 0;
    do {
        char byte = *reader->at++;
        depth += (byte == '{') - (byte == '}');
        if (depth > 1 || (depth == 1 && byte != '{') || (depth == 1 && word->size))
            str_add_char(word, byte);
    } while (depth && reader->at < reader->end);
}

// Returns 1 if the word means what was read, 0 if it has a substitution that is not known.
static int read_word(struct reader *reader, struct str *word)
{
    int known = 1, quoted = *reader->at == '"';
    if (*reader->at == '{') {
        add_braced(reader, word);
        return 1;
    }
    reader->at += quoted;
    while (reader->at < reader->end) {
        char byte = *reader->at;
        if (quoted ? byte == '"' : ends_word(byte))
            break;
        if (byte == '$') {
            known &= add_variable(reader, word) == 0;
            continue;
        }
        known &= byte != '[';
        if (byte == '\\' && reader->at + 1 < reader->end)
            byte = *++reader->at;
        str_add_char(word, byte);
        reader->at++;
    }
    if (quoted && reader->at < reader->end)
        reader->at++;
    return known;
}

// Adds the words of the next command. Returns 1, 0 if it has what is not known, -1 at the end.
static int read_command(struct reader *reader, struct strv *words)
{
    int known = 1;
    while (reader->at < reader->end && ends_word(*reader->at))
        reader->at++;
    if (reader->at == reader->end)
        return -1;
    if (*reader->at == '#') {
        while (reader->at < reader->end && *reader->at != '\n')
            reader->at++;
        return 1;
    }
    while (reader->at < reader->end && *reader->at != '\n' && *reader->at != ';') {
        int continued =
            reader->end - reader->at > 1 && reader->at[0] == '\\' && reader->at[1] == '\n';
        if (continued || isspace((unsigned char)*reader->at)) {
            reader->at += continued ? 2 : 1;
            continue;
        }
        struct str word = {0};
        known &= read_word(reader, &word);
        strv_take(words, str_take(&word));
    }
    return known;
}

// Returns 1, or 0 if that is none of those known here.
static int do_command(struct reader *reader, struct rc *rc, const struct strv *words,
                      const char *name)
{
    const char *command = words->item[0];
    if (strcmp(command, "set") == 0 && words->count == 3) {
        strv_add(&reader->names, words->item[1]);
        strv_add(&reader->values, words->item[2]);
        if (strcmp(words->item[1], "ModulesVersion") == 0)
            rc_add_version(rc, name, words->item[2], "default");
    } else if (strcmp(command, "module-version") == 0 && words->count > 2) {
        for (size_t i = 2; i < words->count; i++)
            rc_add_version(rc, name, words->item[1], words->item[i]);
    } else if (strcmp(command, "module-alias") == 0 && words->count == 3) {
        rc_add(rc, RC_ALIAS, words->item[1], words->item[2]);
    } else if (strcmp(command, "hide-version") == 0 ||
               strcmp(command, "hide-modulefile") == 0 || strcmp(command, "module-hide") == 0) {
        for (size_t i = 1; i < words->count; i++)
            if (*words->item[i] == '-')
                return 0;
        for (size_t i = 1; i < words->count; i++)
            rc_add(rc, RC_HIDE, "", words->item[i]);
    } else {
        return 0;
    }
    return 1;
}

int rc_read(struct rc *rc, const char *text, size_t size, const char *name)
{
    struct reader reader = {.at = text, .end = text + size};
    int is_plain = 1;
    for (;;) {
        CLEANUP_STRV struct strv words = {0};
        int known = read_command(&reader, &words);
        if (known < 0)
            break;
        is_plain &= known;
        if (known && words.count)
            is_plain &= do_command(&reader, rc, &words, name);
    }
    strv_free(&reader.names);
    strv_free(&reader.values);
    return is_plain;
}
