// SPDX-License-Identifier: Apache-2.0
// journal_record: one record as a line and back (docs/formats.md, "journal.P-R").
//
// One table says which fields a record has, how each is written and what its absence means; a
// field that holds what its absence means is not written. Invariant:
// record_parse(record_format(r)) gives r; a line that is not whole gives -1 and never half a
// record.
#include <string.h>

#include "base/line.h"
#include "base/mem.h"
#include "run/journal.h"

enum field_type {
    FIELD_HEX,
    FIELD_INT64,
    FIELD_TIME,
    FIELD_UINT32,
    FIELD_INT,
    FIELD_STATE,
    FIELD_TEXT
};
enum {
    OPEN = 1 << RECORD_OPEN,
    START = 1 << RECORD_START,
    END = 1 << RECORD_END,
    NOTE = 1 << RECORD_NOTE,
    CLOSE = 1 << RECORD_CLOSE,
    THREADS = 1 << RECORD_THREADS,
    ALL = OPEN | START | END | NOTE | CLOSE | THREADS,
};
// microseconds, 142 years: sums of them do not overflow
#define TIME_MOST ((int64_t)1 << 52)
struct field {
    const char *name;
    size_t name_size;
    size_t at;
    enum field_type type;
    int kinds;  // bits of the records that have it
    int absent; // the number that its absence means; other than 0 only for FIELD_INT64
    int always; // written even so, and a line without it is not whole
};

#define FIELD(name, type, member, ...)                                                         \
    {                                                                                          \
        name, sizeof(name) - 1, offsetof(struct record, member), type, __VA_ARGS__             \
    }
static const struct field fields[] = {
    FIELD("key", FIELD_HEX, key, START | END | THREADS, 0, 1),
    FIELD("attempt", FIELD_UINT32, attempt, START | END, 0, 0),
    FIELD("slot", FIELD_UINT32, slot, START | END | THREADS, 0, 0),
    FIELD("wall", FIELD_TIME, wall_us, ALL, 0, 0),
    FIELD("boot", FIELD_TIME, boot_us, ALL, 0, 0),
    FIELD("state", FIELD_STATE, state, END, 0, 1),
    FIELD("cause", FIELD_TEXT, cause, END | THREADS, 0, 0),
    FIELD("code", FIELD_INT, code, END, 0, 0),
    FIELD("detail", FIELD_TEXT, detail, END | THREADS, 0, 0),
    FIELD("duration", FIELD_TIME, duration_us, END, 0, 0),
    FIELD("user", FIELD_TIME, user_us, END, 0, 0),
    FIELD("system", FIELD_TIME, system_us, END, 0, 0),
    FIELD("peak", FIELD_INT64, peak_kb, END, 0, 0),
    FIELD("log-at", FIELD_INT64, log_at, END, -1, 0),
    FIELD("log-size", FIELD_INT64, log_size, END, 0, 0),
    FIELD("data-size", FIELD_INT64, data_size, END, -1, 0),
    FIELD("data-mtime", FIELD_INT64, data_mtime, END, -1, 0),
    FIELD("data-hash", FIELD_HEX, data_hash, END, 0, 0),
    FIELD("script", FIELD_HEX, script, END, 0, 0),
    FIELD("env", FIELD_HEX, env, END, 0, 0),
    FIELD("output", FIELD_TEXT, output, END, 0, 0),
    FIELD("output-size", FIELD_INT64, output_size, END, -1, 0),
    FIELD("output-mtime", FIELD_INT64, output_mtime, END, -1, 0),
    FIELD("output-inode", FIELD_INT64, output_inode, END, -1, 0),
    FIELD("cores", FIELD_UINT32, cores, OPEN, 0, 0),
    FIELD("slots", FIELD_UINT32, slots, OPEN, 0, 0),
    FIELD("threads", FIELD_UINT32, threads, OPEN, 0, 0),
    FIELD("memory", FIELD_INT64, memory_kb, OPEN, 0, 0),
    FIELD("narrow", FIELD_TIME, narrow_us, CLOSE, 0, 0),
    FIELD("of", FIELD_INT64, pace.cores, THREADS, 0, 0),
    FIELD("ran", FIELD_INT64, pace.run, THREADS, 0, 0),
    FIELD("waited", FIELD_INT64, pace.wait, THREADS, 0, 0),
    FIELD("blocked", FIELD_INT64, pace.blocked, THREADS, 0, 0),
    FIELD("processes", FIELD_UINT32, pace.processes, THREADS, 0, 0),
    FIELD("active", FIELD_UINT32, pace.active, THREADS, 0, 0),
    FIELD("even", FIELD_UINT32, pace.even, THREADS, 0, 0),
    FIELD("pool", FIELD_UINT32, pace.pool, THREADS, 0, 0),
    FIELD("callers", FIELD_UINT32, pace.callers, THREADS, 0, 0),
    FIELD("hung", FIELD_UINT32, pace.hung, THREADS, 0, 0),
    FIELD("variable", FIELD_TEXT, variable, THREADS, 0, 0),
    FIELD("words", FIELD_TEXT, words, OPEN | NOTE | THREADS, 0, 0),
};
#undef FIELD
static const char *const kind_word[] = {"open", "start", "end", "note", "close", "threads"};
static const char *const state_word[] = {"done", "failed", "stopped", "again"};

const char *record_state_name(enum task_state state)
{
    return state_word[state];
}

// The member of a record that a field stands for.
#define MEMBER(record, field, type) ((type *)(void *)((char *)(record) + (field)->at))
#define MEMBER_OF(record, field, type)                                                         \
    (*(const type *)(const void *)((const char *)(record) + (field)->at))

static int64_t field_number(const struct field *field, const struct record *record)
{
    switch (field->type) {
    case FIELD_HEX: return (int64_t)MEMBER_OF(record, field, uint64_t);
    case FIELD_TIME:
    case FIELD_INT64: return MEMBER_OF(record, field, int64_t);
    case FIELD_UINT32: return MEMBER_OF(record, field, uint32_t);
    case FIELD_INT: return MEMBER_OF(record, field, int);
    case FIELD_STATE: return MEMBER_OF(record, field, enum task_state);
    case FIELD_TEXT: break;
    }
    return 0;
}

static void field_name(const struct field *field, struct str *into)
{
    str_add_char(into, ' ');
    str_add(into, field->name);
    str_add_char(into, '=');
}

static void field_add(const struct field *field, const struct record *record, struct str *into)
{
    if (field->type == FIELD_TEXT) {
        const char *text = MEMBER_OF(record, field, char *);

        if (text != NULL && text[0] != '\0') {
            field_name(field, into);
            line_add_text(into, text);
        }
        return;
    }
    int64_t number = field_number(field, record);

    if (number == field->absent && !field->always)
        return;
    field_name(field, into);
    if (field->type == FIELD_HEX)
        line_add_hex(into, (uint64_t)number);
    else if (field->type == FIELD_STATE)
        str_add(into, record_state_name((enum task_state)number));
    else
        line_add_number(into, number);
}

void record_format(const struct record *record, struct str *into)
{
    size_t from = into->size;

    str_add(into, kind_word[record->kind]);
    for (size_t i = 0; i < COUNT(fields); i++)
        if (fields[i].kinds & 1 << record->kind)
            field_add(&fields[i], record, into);
    line_end(into, from);
}

// The index of a word in a list, -1 if it is not there.
static int word_index(const char *const *list, size_t count, const char *text, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == size && memcmp(list[i], text, size) == 0)
            return (int)i;
    return -1;
}

// The field of that name; *next is where the writer would have put it, tried first.
static const struct field *field_find(const char *name, size_t size, size_t *next)
{
    for (size_t i = 0; i < COUNT(fields); i++) {
        size_t at = *next + i;
        const struct field *field = &fields[at < COUNT(fields) ? at : at - COUNT(fields)];

        if (field->name_size == size && memcmp(field->name, name, size) == 0) {
            *next = (size_t)(field - fields) + 1;
            return field;
        }
    }
    return NULL;
}

// Sets a member from its text. Returns 0, -1 if it is malformed, 1 if it is of a later version.
static int field_set(const struct field *field, const char *text, size_t size,
                     struct record *record, struct str *scratch)
{
    int64_t number = 0;

    if (field->type == FIELD_TEXT) { // scratch has room for the whole line: it does not move
        char *out = scratch->text + scratch->size;
        int64_t length = line_get_text(out, text, size);

        if (length < 0)
            return -1;
        out[length] = '\0';
        scratch->size += (size_t)length + 1;
        *MEMBER(record, field, const char *) = out;
        return 0;
    }
    if (field->type == FIELD_HEX)
        return line_get_hex(text, size, MEMBER(record, field, uint64_t));
    if (field->type == FIELD_STATE) {
        number = word_index(state_word, COUNT(state_word), text, size);
        *MEMBER(record, field, enum task_state) =
            number < 0 ? TASK_FAILED : (enum task_state)number;
        return number < 0;
    }
    if (line_get_number(text, size, &number) < 0)
        return -1;
    if (field->type == FIELD_UINT32) {
        *MEMBER(record, field, uint32_t) = (uint32_t)number;
        return number < 0 || number > UINT32_MAX ? -1 : 0;
    }
    if (field->type == FIELD_INT) {
        *MEMBER(record, field, int) = (int)number;
        return number < INT32_MIN || number > INT32_MAX ? -1 : 0;
    }
    if (field->type == FIELD_TIME) // of a record that is good otherwise
        number = number < 0 ? 0 : number > TIME_MOST ? TIME_MOST : number;
    *MEMBER(record, field, int64_t) = number;
    return 0;
}

// A record with every field absent.
static void record_clear(struct record *record)
{
    memset(record, 0, sizeof(*record));
    for (size_t i = 0; i < COUNT(fields); i++) {
        if (fields[i].type == FIELD_TEXT)
            *MEMBER(record, &fields[i], const char *) = "";
        else if (fields[i].absent != 0)
            *MEMBER(record, &fields[i], int64_t) = fields[i].absent;
    }
}

// Reads the fields behind the kind. Returns 0, -1 or 1 as record_parse.
static int record_fields(const char *at, const char *end, struct record *ret,
                         struct str *scratch)
{
    size_t next = 0;
    int later = 0;
    uint64_t always = 0, needed = 0; // bits, by place in the table

    while (at < end) {
        const char *stop = memchr(at, ' ', (size_t)(end - at));
        const char *equal;

        stop = stop != NULL ? stop : end;
        equal = memchr(at, '=', (size_t)(stop - at));
        if (equal == NULL)
            return -1;
        const struct field *field = field_find(at, (size_t)(equal - at), &next);

        if (field != NULL && field->kinds & 1 << ret->kind) {
            int result = field_set(field, equal + 1, (size_t)(stop - equal - 1), ret, scratch);

            if (result < 0)
                return -1;
            later |= result;
            always |= (uint64_t)field->always << (field - fields);
        }
        at = stop + 1;
    }
    for (size_t i = 0; i < COUNT(fields); i++)
        if (fields[i].kinds & 1 << ret->kind)
            needed |= (uint64_t)fields[i].always << i;
    return always != needed ? -1 : later;
}

int record_parse(const char *line, size_t size, struct record *ret, struct str *scratch)
{
    int64_t body = line_check(line, size);
    const char *space;
    size_t word;
    int kind;

    str_clear(scratch);
    record_clear(ret);
    if (body < 0)
        return -1;
    space = memchr(line, ' ', (size_t)body);
    word = space != NULL ? (size_t)(space - line) : (size_t)body;
    kind = word_index(kind_word, COUNT(kind_word), line, word);
    if (kind < 0)
        return 1;
    ret->kind = (enum record_kind)kind;
    if (word == (size_t)body)
        return record_fields(line, line, ret, scratch);
    // Decoded texts are never longer than the line, their NULs no more than its fields.
    mem_room(&scratch->text, &scratch->room, (size_t)body + 1, 1);
    return record_fields(line + word + 1, line + body, ret, scratch);
}
