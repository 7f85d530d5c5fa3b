// SPDX-License-Identifier: Apache-2.0
// Causes of failed tasks: what real interpreters printed (tests/data/tracebacks), and made-up logs.
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmocka.h"
#include "run/failure.h"

static int exited(int status)
{
    return status << 8;
}

static const char *const versions[] = {"2.7", "3.6", "3.8", "3.11", "3.12", "3.13"};

static const struct trace_case {
    const char *script;
    int from; // first of versions[] that it is right for
    const char *detail;
} traces[] = {
    {"after.py", 1, "AssertionError   after.py:3"},
    {"chained.py", 1, "RuntimeError: no a   chained.py:5"},
    {"chaingroup.py", 3, "RuntimeError: after group   chaingroup.py:4"},
    {"codec.py", 1,
     "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 0: invalid start "
     "byte   codec.py:1"},
    {"emptyfirst.py", 0, "ValueError: the words   emptyfirst.py:1"},
    {"exitwords.py", 0, "exit status 1   no such molecule: H3O"},
    {"frozen.py", 1, "ModuleNotFoundError: No module named 'no_such'   frozen.py:2"},
    {"futures.py", 1, "ValueError: in worker 1   futures.py:3"},
    {"group.py", 3, "ExceptionGroup: eg (2 sub-exceptions)   group.py:8"},
    {"handling.py", 1,
     "FileNotFoundError: [Errno 2] No such file or directory: '/nonexistent'   handling.py:4"},
    {"ignored.py", 0, "OSError: [Errno 5] real one   ignored.py:6"},
    {"imports_syntax.py", 0, "SyntaxError: invalid syntax   syntax.py:1"},
    {"module.py", 1, "ModuleNotFoundError: No module named 'numppy'   module.py:1"},
    {"multiline.py", 0, "ValueError: first line   multiline.py:1"},
    {"nomessage.py", 1, "Mine   nomessage.py:4"},
    {"note.py", 0, "ValueError: with note   note.py:4"},
    {"partial.py", 1, "LookupError: after text without newline   partial.py:3"},
    {"plain.py", 0, "ValueError: negative energy   plain.py:2"},
    {"pool.py", 1, "ValueError: in worker 1   pool.py:3"},
    {"syntax.py", 0, "SyntaxError: invalid syntax   syntax.py:1"},
    {"thread.py", 0, "ValueError: in thread   thread.py:3"},
    {"unicode.py", 0, "ValueError: \xc3\xa9nergie \xe2\x88\x9e   unicode.py:2"},
};

static void test_traces(void **state)
{
    (void)state;
    for (int i = 0; i < (int)COUNT(versions); i++) {
        CLEANUP_FREE char *path =
            mem_print("%s/tracebacks/%s.txt", getenv("TEST_DATA"), versions[i]);
        CLEANUP_STR struct str text = {0};

        assert_int_equal(fs_read(AT_FDCWD, path, 1 << 20, &text, NULL), 0);
        for (size_t j = 0; j < COUNT(traces); j++) {
            CLEANUP_FREE char *mark = mem_print("== %s 1\n", traces[j].script);
            struct failure failure;

            if (i < traces[j].from)
                continue;
            const char *begin = strstr(text.text, mark), *end;

            print_message("# %s %s\n", versions[i], traces[j].script);
            assert_non_null(begin);
            begin += strlen(mark);
            end = strstr(begin, "\n== ");
            end = end != NULL ? end : begin + strlen(begin);
            failure_find(exited(1), begin, (size_t)(end - begin), "/home/u/project", &failure);
            assert_string_equal(failure.detail, traces[j].detail);
            assert_int_equal(failure.code, strcmp(traces[j].script, "exitwords.py") == 0
                                               ? ERR_EXIT_CODE
                                               : ERR_PYTHON_ERROR);
        }
    }
}

#define HEAD              "Traceback (most recent call last):\n"
#define FRAME(file, line) "  File \"" file "\", line " line ", in f\n    x\n"
static const struct log_case {
    int status;
    const char *log, *detail;
    int code;
} logs[] = {
    {0, HEAD "ValueError: x\n", "", ERR_NONE},
    {SIGSEGV, "", "SIGSEGV: invalid memory access", ERR_SIGNAL},
    {SIGILL | 0x80, "", "SIGILL: an instruction that this processor does not have",
     ERR_ILLEGAL},
    {SIGILL,
     "lopin: illegal instruction in /l/a.so at 0x1\nx\nlopin: illegal instruction in /l/b c.so "
     "at "
     "0x2f\n",
     "SIGILL: an instruction that this processor does not have   /l/b c.so at 0x2f",
     ERR_ILLEGAL},
    {SIGILL, "lopin: illegal instruction in ",
     "SIGILL: an instruction that this processor does not have   ", ERR_ILLEGAL},
    {SIGSEGV, "lopin: illegal instruction in /l/a.so\n", "SIGSEGV: invalid memory access",
     ERR_SIGNAL},
    {SIGKILL, HEAD "ValueError: x\n", "SIGKILL: killed: often for want of memory", ERR_SIGNAL},
    {40, "", "signal 40", ERR_SIGNAL},
    {3 << 8, "", "exit status 3", ERR_EXIT_CODE},
    {3 << 8, HEAD FRAME("/p/a.py", "1") "ValueError: x\n", "exit status 3   ValueError: x",
     ERR_EXIT_CODE},
    {2 << 8, "usage: a\n  a.py: error: no x\n\n \t\n", "exit status 2   a.py: error: no x",
     ERR_EXIT_CODE},
    {1 << 8, "a\n\n", "exit status 1   a", ERR_EXIT_CODE},
    {1 << 8, "\n \n", "exit status 1", ERR_EXIT_CODE},
    {126 << 8, "", "exit status 126 (a program that cannot be executed)", ERR_EXIT_CODE},
    {127 << 8, "sh: 1: nmpy: not found\n",
     "exit status 127 (a program that is not there)   sh: 1: nmpy: not found", ERR_EXIT_CODE},
    {137 << 8, "Killed\n", "exit status 137 (a program in it ended by SIGKILL)   Killed",
     ERR_EXIT_CODE},
    {139 << 8, "", "exit status 139 (a program in it ended by SIGSEGV)", ERR_EXIT_CODE},
    {255 << 8, "", "exit status 255", ERR_EXIT_CODE},
    {1 << 8, "\x1b[31mred\x1b[0m and a\tb\x07\n", "exit status 1   red and a b ",
     ERR_EXIT_CODE},
    // places
    {1 << 8, HEAD FRAME("/p/a.py", "1") FRAME("/usr/lib/python3/json/decoder.py", "2") "E: x\n",
     "E: x   a.py:1", ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("/p/sub/b.py", "1") FRAME("/x.py", "2") "E: x\n", "E: x   sub/b.py:1",
     ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("/p/v/lib/site-packages/n/c.py", "3") "E: x\n", "E: x   n/c.py:3",
     ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("/pp/a.py", "1") "E: x\n", "E: x   pp/a.py:1", ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("/a.py", "1") "E: x\n", "E: x   /a.py:1", ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("sub/a.py", "1") FRAME("/usr/x.py", "2") "E: x\n", "E: x   sub/a.py:1",
     ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("<string>", "1") "E: x\n", "E: x   <string>:1", ERR_PYTHON_ERROR},
    {1 << 8, HEAD "E: x\n", "E: x", ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("/p/a.py", "1") "E", "E   a.py:1", ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("/p/a.py", "1") "E:", "E   a.py:1", ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("/p/a.py", "1") "E: \n  words\n", "E: words   a.py:1",
     ERR_PYTHON_ERROR},
    {1 << 8, "50%" HEAD FRAME("/p/a.py", "1") "m.E: x\r\nmore\n", "m.E: x   a.py:1",
     ERR_PYTHON_ERROR},
    {1 << 8,
     "[rank0]: " HEAD "[rank0]:   File \"/p/a.py\", line 4, in f\n[rank0]:     x\n[rank0]: E: "
     "x\n[rank0]: more\n",
     "E: x   a.py:4", ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("/p/a.py", "1") "  [Previous line repeated 9 more times]\nE: x\n",
     "E: x   a.py:1", ERR_PYTHON_ERROR},
    // beginnings cut off, ends cut off, words that only look like errors
    {1 << 8, FRAME("/p/a.py", "1") "ValueError: x\n", "ValueError: x   a.py:1",
     ERR_PYTHON_ERROR},
    {1 << 8, "rest of a line\n" FRAME("/p/a.py", "1") "Message: x\n",
     "exit status 1   Message: x", ERR_EXIT_CODE},
    {1 << 8, HEAD FRAME("/p/a.py", "1"), "exit status 1   x", ERR_EXIT_CODE},
    {1 << 8, HEAD "not an error at all\n", "exit status 1   not an error at all",
     ERR_EXIT_CODE},
    {1 << 8, "Exception ignored in: <x>\n" HEAD FRAME("/p/a.py", "1") "E: x\nbye\n",
     "exit status 1   bye", ERR_EXIT_CODE},
    {1 << 8,
     "Exception ignored in: <x>\n" HEAD FRAME("/p/a.py", "1") "E: x\n" HEAD FRAME("/p/b.py",
                                                                                  "2") "F: y\n",
     "F: y   b.py:2", ERR_PYTHON_ERROR},
    {1 << 8, HEAD FRAME("/p/a.py", "1") "E: x\n" HEAD FRAME("/q/b.py", "2") "F: y\n",
     "F: y   q/b.py:2", ERR_PYTHON_ERROR},
};

static void test_logs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(logs); i++) {
        struct failure failure;

        print_message("# %zu\n", i);
        failure_find(logs[i].status, logs[i].log, strlen(logs[i].log), "/p", &failure);
        assert_string_equal(failure.detail, logs[i].detail);
        assert_int_equal(failure.code, logs[i].code);
    }
}

// Whatever is too long is cut at a character, and the place stays.
static void test_long(void **state)
{
    (void)state;
    for (size_t pad = 0; pad < 8; pad++) {
        CLEANUP_STR struct str log = {0};
        struct failure failure;

        str_add(&log, HEAD FRAME("/p/a.py", "41") "E: ");
        for (size_t i = 0; i < pad; i++)
            str_add_char(&log, 'x');
        for (size_t i = 0; i < 1000; i++)
            str_add(&log, "\xe2\x88\x9e");
        failure_find(exited(1), log.text, log.size, "/p", &failure);
        assert_true(str_ends(failure.detail, "\xe2\x88\x9e...   a.py:41"));
        assert_true(strlen(failure.detail) > 240);
        failure_find(exited(2), log.text, log.size, "/p", &failure);
        assert_true(str_ends(failure.detail, "\xe2\x88\x9e..."));
    }
    CLEANUP_STR struct str path = {0};
    struct failure failure;

    str_add(&path, HEAD "  File \"/p");
    for (size_t i = 0; i < 300; i++)
        str_add(&path, "/deep");
    str_add(&path, "/a.py\", line 41, in f\nE: x\n");
    failure_find(exited(1), path.text, path.size, "/p", &failure);
    assert_true(str_ends(failure.detail, "/deep/a.py:41"));
}

static void test_no_output(void **state)
{
    struct failure failure;

    (void)state;
    failure_no_output("out/a\nb.npz", &failure);
    assert_int_equal(failure.code, ERR_NO_OUTPUT);
    assert_string_equal(failure.detail, "it ended well but did not write out/a b.npz");
    failure_find(exited(1), NULL, 0, NULL, &failure);
    assert_string_equal(failure.detail, "exit status 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_traces),
                                       cmocka_unit_test(test_logs), cmocka_unit_test(test_long),
                                       cmocka_unit_test(test_no_output)};

    return cmocka_run_group_tests_name("map/failure", tests, NULL, NULL);
}
