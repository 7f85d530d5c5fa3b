// SPDX-License-Identifier: Apache-2.0
// fullscreen: a frame is made whole and written at once, each line cut to the width, so that nothing flickers
// or wraps. Keys come without Enter (termios(3)); signals by signalfd(2).
#include "cli/fullscreen.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/lang.h"
#include "base/mem.h"

#define ENTER  "\033[?1049h\033[?25l"
#define LEAVE  "\033[?25h\033[?1049l"
#define CTRL_C 3

struct fullscreen {
    const struct term *term;
    struct termios before;
    int keys, signals; // keys: the terminal's settings were changed
    sigset_t mask;
};

struct fullscreen *fullscreen_new(const struct term *term, struct err *err)
{
    struct fullscreen *screen = mem_zero(1, sizeof *screen);
    sigset_t wanted;
    screen->term = term;
    sigemptyset(&wanted);
    for (size_t i = 0; i < 5; i++)
        sigaddset(&wanted, (const int[]){SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH}[i]);
    sigprocmask(SIG_BLOCK, &wanted, &screen->mask);
    screen->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (screen->signals < 0) {
        err_set(err, ERR_SYSTEM, _("cannot wait for signals"));
        fullscreen_free(screen);
        return NULL;
    }
    if (tcgetattr(STDIN_FILENO, &screen->before) == 0) {
        struct termios raw = screen->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        raw.c_cc[VMIN] = 1;
        screen->keys = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    struct str text = {0};
    str_add(&text, ENTER);
    term_write(term, &text);
    str_free(&text);
    return screen;
}

void fullscreen_free(struct fullscreen *screen)
{
    if (!screen)
        return;
    if (screen->signals >= 0) {
        CLEANUP_STR struct str text = {0};
        str_add(&text, LEAVE);
        term_write(screen->term, &text);
        close(screen->signals);
    }
    if (screen->keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
    sigprocmask(SIG_SETMASK, &screen->mask, NULL);
    free(screen);
}

static int is_leave(const char *keys, ssize_t count)
{
    for (ssize_t i = 0; i < count; i++)
        if (keys[i] == 'q' || keys[i] == 'Q' || keys[i] == CTRL_C)
            return 1;
    return 0;
}

int fullscreen_wait(struct fullscreen *screen, int timeout_ms)
{
    struct pollfd watched[] = {{.fd = screen->signals, .events = POLLIN},
                               {.fd = screen->keys ? STDIN_FILENO : -1, .events = POLLIN}};
    char keys[64];
    struct signalfd_siginfo info;
    int leave = 0;
    if (poll(watched, COUNT(watched), timeout_ms) <= 0)
        return 0;
    while (watched[0].revents && read(screen->signals, &info, sizeof info) == sizeof info)
        leave |= info.ssi_signo != SIGWINCH;
    if (watched[1].revents & (POLLHUP | POLLERR))
        return 1; // the terminal is gone
    if (watched[1].revents)
        leave |= is_leave(keys, read(STDIN_FILENO, keys, sizeof keys));
    return leave;
}

void fullscreen_show(struct fullscreen *screen, const struct str *lines, const char *footer)
{
    size_t height = term_height(screen->term), width = term_width(screen->term), row = 0;
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str last = {0};
    str_add(&text, "\033[H");
    const char *at = str_text(lines);
    for (const char *end; row + 1 < height && (end = strchr(at, '\n')); at = end + 1, row++) {
        CLEANUP_STR struct str line = {0};
        str_add_bytes(&line, at, (size_t)(end - at));
        term_cut(&line, width);
        str_print(&text, "%s%s\033[K", row ? "\r\n" : "", str_text(&line));
    }
    str_add(&last, footer);
    term_cut(&last, width);
    str_print(&text, "\033[J\033[%zu;1H\033[2m%s\033[0m\033[K", height, str_text(&last));
    term_write(screen->term, &text);
}
