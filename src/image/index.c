// SPDX-License-Identifier: Apache-2.0
// index: the text of an image's index, and back.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/line.h"
#include "image/parts.h"

#define HEAD    "lopin-image 1"
#define CAPSULE "lopin-capsule 1"
static const char *const fact_names[IMAGE_FACTS] = {
    [IMAGE_PYTHON] = "python",           [IMAGE_TAG] = "tag",   [IMAGE_FLAGS] = "flags",
    [IMAGE_PLATFORM] = "platform",       [IMAGE_HOME] = "home", [IMAGE_PROMPT] = "prompt",
    [IMAGE_SYSTEM_SITE] = "system-site", [IMAGE_PIP] = "pip"};

void image_free(struct image *image)
{
    free(image->package);
    free(image->word);
    free(image->frame);
    free(image->member);
    arena_free(&image->arena);
    *image = (struct image){0};
}

size_t image_member_at(const struct image *image, uint64_t at)
{
    size_t low = 0, high = image->member_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (image->member[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void image_hex(const uint8_t digest[IMAGE_SHA256], char ret[IMAGE_HEX + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < IMAGE_SHA256; i++) {
        ret[2 * i] = digits[digest[i] >> 4];
        ret[2 * i + 1] = digits[digest[i] & 15];
    }
    ret[IMAGE_HEX] = '\0';
}

void image_say(struct image *image, const char *name, const char *value)
{
    mem_room(&image->word, &image->word_room, image->word_count + 1, sizeof *image->word);
    image->word[image->word_count++] = (struct image_word){
        .name = arena_dup(&image->arena, name), .value = arena_dup(&image->arena, value)};
}

static void add_word(struct str *into, const char *word)
{
    str_add_char(into, ' ');
    line_add_text(into, word);
}

static void add_member(struct str *into, const struct image_member *member)
{
    char hex[IMAGE_HEX + 1];
    str_add_char(into, (char)member->kind);
    if (member->kind == IMAGE_LINK) {
        add_word(into, member->target);
    } else if (member->kind != IMAGE_FOLDER) {
        image_hex(member->sha256, hex);
        str_print(into, " %llu %s", (unsigned long long)member->size, hex);
    }
    add_word(into, member->path);
    str_add_char(into, '\n');
}

static void add_head(struct str *into, const struct image *image)
{
    str_add(into, image->is_capsule ? CAPSULE "\n" : HEAD "\n");
    for (size_t i = 0; i < IMAGE_FACTS && !image->is_capsule; i++) {
        str_add(into, fact_names[i]);
        add_word(into, image->fact[i]);
        str_add_char(into, '\n');
    }
    for (size_t i = 0; i < image->word_count; i++) {
        str_add(into, "say");
        add_word(into, image->word[i].name);
        add_word(into, image->word[i].value);
        str_add_char(into, '\n');
    }
}

void image_write_index(struct str *into, const struct image *image)
{
    char hex[IMAGE_HEX + 1];
    add_head(into, image);
    for (size_t i = 0; i < image->package_count; i++) {
        const struct image_package *package = &image->package[i];
        str_add(into, "package");
        add_word(into, package->name);
        add_word(into, package->version);
        str_print(into, " %s\n", package->sha256 ? package->sha256 : "-");
    }
    for (size_t i = 0; i < image->frame_count; i++) {
        const struct image_frame *frame = &image->frame[i];
        image_hex(frame->sha256, hex);
        str_print(into, "frame %llu %llu %s\n", (unsigned long long)frame->packed,
                  (unsigned long long)frame->size, hex);
    }
    for (size_t i = 0; i < image->member_count; i++)
        add_member(into, &image->member[i]);
    str_add(into, "end\n");
}

static int damaged(struct err *err, size_t line)
{
    return err_set(err, ERR_BAD_IMAGE, _("line %zu of its index is damaged"), line);
}

struct words { // of a line
    char *word[5];
    size_t count;
};

// Between single blanks, %XX decoded in place. 0, or -1.
static int cut(char *line, struct words *ret)
{
    ret->count = 0;
    for (char *at = line; at;) {
        char *next = strchr(at, ' ');
        size_t size = next ? (size_t)(next - at) : strlen(at);
        if (ret->count == COUNT(ret->word))
            return -1;
        int64_t got = line_get_text(at, at, size);
        if (got < 0)
            return -1;
        at[got] = '\0';
        ret->word[ret->count++] = at;
        at = next ? next + 1 : NULL;
    }
    return 0;
}

static int get_size(const char *text, uint64_t *ret)
{
    int64_t number;
    if (line_get_number(text, strlen(text), &number) < 0 || number < 0)
        return -1;
    *ret = (uint64_t)number;
    return 0;
}

static int digit_of(char byte)
{
    return byte >= '0' && byte <= '9'   ? byte - '0'
           : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                                        : -1;
}

static int get_hash(const char *text, uint8_t ret[IMAGE_SHA256])
{
    if (strlen(text) != IMAGE_HEX)
        return -1;
    for (size_t i = 0; i < IMAGE_SHA256; i++) {
        int high = digit_of(text[2 * i]);
        int low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return -1;
        ret[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static int take_member(struct image *image, const struct words *words)
{
    struct image_member member = {.kind = (enum image_kind)words->word[0][0],
                                  .path = words->word[words->count - 1]};
    size_t need = member.kind == IMAGE_FOLDER ? 2 : member.kind == IMAGE_LINK ? 3 : 4;
    if (words->word[0][1] || words->count != need)
        return -1;
    if (member.kind == IMAGE_LINK)
        member.target = words->word[1];
    else if (need == 4 && (get_size(words->word[1], &member.size) < 0 ||
                           get_hash(words->word[2], member.sha256) < 0))
        return -1;
    mem_room(&image->member, &image->member_room, image->member_count + 1, sizeof member);
    image->member[image->member_count++] = member;
    return 0;
}

static int take_frame(struct image *image, const struct words *words)
{
    struct image_frame frame = {0};
    if (words->count != 4 || get_size(words->word[1], &frame.packed) < 0 ||
        get_size(words->word[2], &frame.size) < 0 || get_hash(words->word[3], frame.sha256) < 0)
        return -1;
    mem_room(&image->frame, &image->frame_room, image->frame_count + 1, sizeof frame);
    image->frame[image->frame_count++] = frame;
    return 0;
}

static int take_package(struct image *image, const struct words *words)
{
    uint8_t digest[IMAGE_SHA256];
    if (words->count != 4)
        return -1;
    struct image_package package = {.name = words->word[1], .version = words->word[2]};
    if (strcmp(words->word[3], "-") != 0) {
        if (get_hash(words->word[3], digest) < 0)
            return -1;
        package.sha256 = words->word[3];
    }
    mem_room(&image->package, &image->package_room, image->package_count + 1, sizeof package);
    image->package[image->package_count++] = package;
    return 0;
}

static int take_line(struct image *image, const struct words *words)
{
    const char *verb = words->word[0];
    if (!*verb || !verb[1]) // a kind of member, perhaps one that does not exist
        return *verb && strchr("d-xsl", *verb) ? take_member(image, words) : -1;
    if (strcmp(verb, "frame") == 0)
        return take_frame(image, words);
    if (image->is_capsule) {
        if (strcmp(verb, "say") != 0)
            return 0;
        if (words->count != 3)
            return -1;
        image_say(image, words->word[1], words->word[2]);
        return 0;
    }
    if (strcmp(verb, "package") == 0)
        return take_package(image, words);
    for (size_t i = 0; i < IMAGE_FACTS; i++)
        if (strcmp(verb, fact_names[i]) == 0) {
            if (words->count != 2 || *image->fact[i])
                return -1;
            image->fact[i] = words->word[1];
        }
    return 0; // a line of a later lopin that changes nothing
}

static int take_head(struct image *image, const char *line, struct err *err)
{
    image->is_capsule = strcmp(line, CAPSULE) == 0;
    if (image->is_capsule || strcmp(line, HEAD) == 0)
        return 0;
    return str_starts(line, "lopin-image ") || str_starts(line, "lopin-capsule ")
               ? err_set(err, ERR_RUN_FORMAT, _("it was made by another lopin: '%s'"), line)
               : damaged(err, 1);
}

static int read_lines(char *text, size_t size, struct image *image, struct err *err)
{
    struct words words;
    size_t number = 1;
    for (char *line = text, *end; line < text + size; line = end + 1, number++) {
        end = memchr(line, '\n', (size_t)(text + size - line));
        if (!end)
            return damaged(err, number);
        *end = '\0';
        if (number == 1 && take_head(image, line, err) < 0)
            return -1;
        if (strcmp(line, "end") == 0)
            return end + 1 == text + size ? 0 : damaged(err, number);
        if (number > 1 && (cut(line, &words) < 0 || take_line(image, &words) < 0))
            return damaged(err, number);
    }
    return damaged(err, number);
}

int image_read_index(char *text, size_t size, struct image *ret, struct err *err)
{
    for (size_t i = 0; i < IMAGE_FACTS; i++)
        ret->fact[i] = "";
    if (memchr(text, '\0', size))
        return damaged(err, 0);
    return read_lines(text, size, ret, err) < 0 ? -1 : image_check(ret, err);
}
