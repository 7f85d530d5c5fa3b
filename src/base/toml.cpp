// SPDX-License-Identifier: Apache-2.0
// toml: the only file of C++: toml++ without exceptions, copied into a tree of our own.
#define TOML_EXCEPTIONS            0
#define TOML_HEADER_ONLY           1
#define TOML_ENABLE_FORMATTERS     1
#define TOML_ENABLE_WINDOWS_COMPAT 0
// Malformed keys meet its assertions, whose checks stand behind them again; with NDEBUG it would tell
// the compiler that they never fail.
#undef NDEBUG
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <sstream>
#include <string_view>
#include <toml++/toml.h>

extern "C" {
#include "base/lang.h"
#include "base/toml.h"
}

namespace
{

void copy(struct arena *arena, const toml::node &from, struct toml_value *into);

const char *keep(struct arena *arena, std::string_view text)
{
    return arena_dupn(arena, text.data(), text.size());
}

template <typename T>
void copy_time(struct arena *arena, const T &value, struct toml_value *into)
{
    std::ostringstream text;
    text << value;
    const std::string kept = text.str();
    into->kind = TOML_TIME;
    into->text = keep(arena, kept);
    into->size = kept.size();
}

void copy_table(struct arena *arena, const toml::table &from, struct toml_value *into)
{
    auto *item = static_cast<struct toml_value *>(
        arena_alloc(arena, (from.size() + 1) * sizeof(struct toml_value)));
    into->kind = TOML_TABLE;
    into->item = item;
    into->count = from.size();
    for (auto &&[key, value] : from) {
        copy(arena, value, item);
        item->key = keep(arena, key.str());
        item++;
    }
}

void copy_array(struct arena *arena, const toml::array &from, struct toml_value *into)
{
    auto *item = static_cast<struct toml_value *>(
        arena_alloc(arena, (from.size() + 1) * sizeof(struct toml_value)));
    into->kind = TOML_ARRAY;
    into->item = item;
    into->count = from.size();
    for (auto &&value : from)
        copy(arena, value, item++);
}

void copy(struct arena *arena, const toml::node &from, struct toml_value *into)
{
    *into = {};
    into->line = from.source().begin.line;
    if (const auto *table = from.as_table())
        copy_table(arena, *table, into);
    else if (const auto *array = from.as_array())
        copy_array(arena, *array, into);
    else if (const auto *text = from.as_string()) {
        into->kind = TOML_TEXT;
        into->text = keep(arena, text->get());
        into->size = text->get().size();
    } else if (const auto *integer = from.as_integer()) {
        into->kind = TOML_INTEGER;
        into->integer = integer->get();
    } else if (const auto *number = from.as_floating_point()) {
        into->kind = TOML_FLOAT;
        into->number = number->get();
    } else if (const auto *boolean = from.as_boolean()) {
        into->kind = TOML_BOOLEAN;
        into->integer = boolean->get();
    } else if (const auto *date = from.as_date())
        copy_time(arena, date->get(), into);
    else if (const auto *time = from.as_time())
        copy_time(arena, time->get(), into);
    else if (const auto *both = from.as_date_time())
        copy_time(arena, both->get(), into);
}

} // namespace

extern "C" const struct toml_value *toml_parse(struct arena *arena, const char *text,
                                               size_t size, struct err *err)
{
    const toml::parse_result result = toml::parse(std::string_view(text, size));
    if (!result) {
        const auto &where = result.error().source().begin;
        const std::string_view why = result.error().description();
        err_set(err, ERR_USAGE, _("line %u, column %u: no TOML: %.*s"),
                static_cast<unsigned>(where.line), static_cast<unsigned>(where.column),
                static_cast<int>(why.size()), why.data());
        return nullptr;
    }
    auto *root =
        static_cast<struct toml_value *>(arena_alloc(arena, sizeof(struct toml_value)));
    copy(arena, result.table(), root);
    return root;
}

extern "C" const struct toml_value *toml_get(const struct toml_value *table, const char *key)
{
    if (!table || table->kind != TOML_TABLE)
        return nullptr;
    for (size_t i = 0; i < table->count; i++)
        if (std::string_view(table->item[i].key) == key)
            return &table->item[i];
    return nullptr;
}

extern "C" const char *toml_text(const struct toml_value *value)
{
    return value && value->kind == TOML_TEXT ? value->text : nullptr;
}
