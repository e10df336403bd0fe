// Loaded before the C library (LD_PRELOAD) by the fault tests: counts the system calls that change storage below one folder, and
// makes the n-th of them fail, or ends the process there. Nothing of it is part of the product.
//
//   LETHE_FAULT_ROOT    the folder; calls on other files are neither counted nor touched
//   LETHE_FAULT_AT      which call, counted from 1; 0 only counts
//   LETHE_FAULT_MODE    lost: it fails and nothing happens; kept: it happens, and is said to have failed;
//                       torn: half of a write happens, then the process dies; before, after: the process dies there
//   LETHE_FAULT_REPEAT  1: every later call fails too
//   LETHE_FAULT_ERRNO   the error (default 5, EIO)
//   LETHE_FAULT_COUNT   a file, outside of the folder, that receives the number of calls when the process ends
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum mode { LOST, KEPT, TORN, BEFORE, AFTER };

static char root[PATH_MAX];
static size_t root_length;
static long at;
static int repeats, code = EIO;
static enum mode mode;
static atomic_long calls;

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("LETHE_FAULT_ROOT");
    if (!folder || !realpath(folder, root)) return;
    root_length = strlen(root);
    const char *text = getenv("LETHE_FAULT_AT");
    at = text ? atol(text) : 0;
    text = getenv("LETHE_FAULT_REPEAT");
    repeats = text && atoi(text);
    text = getenv("LETHE_FAULT_ERRNO");
    if (text) code = atoi(text);
    text = getenv("LETHE_FAULT_MODE");
    if (!text || !strcmp(text, "lost")) mode = LOST;
    else if (!strcmp(text, "kept")) mode = KEPT;
    else if (!strcmp(text, "torn")) mode = TORN;
    else if (!strcmp(text, "before")) mode = BEFORE;
    else mode = AFTER;
}

__attribute__((destructor)) static void end(void) {
    const char *path = getenv("LETHE_FAULT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

static int is_inside(const char *path) {
    return root_length && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

// The path of a folder and a name in it; the file itself need not exist.
static int names_inside(int folder, const char *path) {
    char whole[PATH_MAX], base[PATH_MAX], link[64];
    if (!root_length || !path) return 0;
    if (path[0] == '/') return is_inside(path);
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0) return 0;
        base[length] = 0;
    }
    if (snprintf(whole, sizeof whole, "%s/%s", base, path) >= (int)sizeof whole) return 0;
    return is_inside(whole);
}

static int is_file_inside(int descriptor) {
    char link[64], path[PATH_MAX];
    if (!root_length) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_inside(path);
}

// Whether this call is the one; dies here in mode BEFORE.
static int strikes(int inside) {
    if (!inside) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (!at || number < at || (number > at && !repeats)) return 0;
    if (mode == BEFORE) kill(getpid(), SIGKILL);
    return 1;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// Carries out a call that was struck.
#define STRUCK(result, call)                \
    do {                                    \
        if (mode == KEPT) call;             \
        if (mode == AFTER || mode == TORN) { call; die(); } \
        errno = code;                       \
        return result;                      \
    } while (0)

#define WRITES(half, whole)                            \
    do {                                               \
        if (mode == TORN) { half; die(); }             \
        STRUCK(-1, whole);                             \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t count) {
    __typeof__(&write) real = REAL(write);
    if (strikes(is_file_inside(fd))) WRITES((void)!real(fd, bytes, count / 2), (void)!real(fd, bytes, count));
    return real(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
    __typeof__(&pwrite64) real = REAL(pwrite64);
    if (strikes(is_file_inside(fd)))
        WRITES((void)!real(fd, bytes, count / 2, offset), (void)!real(fd, bytes, count, offset));
    return real(fd, bytes, count, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

int fsync(int fd) {
    __typeof__(&fsync) real = REAL(fsync);
    if (strikes(is_file_inside(fd))) STRUCK(-1, (void)!real(fd));
    return real(fd);
}

int fdatasync(int fd) {
    __typeof__(&fdatasync) real = REAL(fdatasync);
    if (strikes(is_file_inside(fd))) STRUCK(-1, (void)!real(fd));
    return real(fd);
}

int ftruncate64(int fd, off64_t length) {
    __typeof__(&ftruncate64) real = REAL(ftruncate64);
    if (strikes(is_file_inside(fd))) STRUCK(-1, (void)!real(fd, length));
    return real(fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int rename(const char *old, const char *new) {
    __typeof__(&rename) real = REAL(rename);
    if (strikes(names_inside(AT_FDCWD, old) || names_inside(AT_FDCWD, new))) STRUCK(-1, (void)!real(old, new));
    return real(old, new);
}

int link(const char *old, const char *new) {
    __typeof__(&link) real = REAL(link);
    if (strikes(names_inside(AT_FDCWD, new))) STRUCK(-1, (void)!real(old, new));
    return real(old, new);
}

int unlink(const char *path) {
    __typeof__(&unlink) real = REAL(unlink);
    if (strikes(names_inside(AT_FDCWD, path))) STRUCK(-1, (void)!real(path));
    return real(path);
}

int mkdir(const char *path, mode_t permissions) {
    __typeof__(&mkdir) real = REAL(mkdir);
    if (strikes(names_inside(AT_FDCWD, path))) STRUCK(-1, (void)!real(path, permissions));
    return real(path, permissions);
}

// Opening counts where it may create or write. A descriptor that was opened and is said not to have been is closed again.
#define OPENS(call)                                                     \
    do {                                                                \
        if (mode == KEPT) { int opened = call; if (opened >= 0) close(opened); } \
        if (mode == AFTER || mode == TORN) { (void)!call; die(); }      \
        errno = code;                                                   \
        return -1;                                                      \
    } while (0)

static int writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || flags & O_CREAT; }

static mode_t creation_mode(int flags, va_list list) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

int open64(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t permissions = creation_mode(flags, list);
    va_end(list);
    __typeof__(&open64) real = REAL(open64);
    if (writes(flags) && strikes(names_inside(AT_FDCWD, path))) OPENS(real(path, flags, permissions));
    return real(path, flags, permissions);
}

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t permissions = creation_mode(flags, list);
    va_end(list);
    return open64(path, flags, permissions);
}

int openat64(int folder, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t permissions = creation_mode(flags, list);
    va_end(list);
    __typeof__(&openat64) real = REAL(openat64);
    if (writes(flags) && strikes(names_inside(folder, path))) OPENS(real(folder, path, flags, permissions));
    return real(folder, path, flags, permissions);
}

int openat(int folder, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t permissions = creation_mode(flags, list);
    va_end(list);
    return openat64(folder, path, flags, permissions);
}
