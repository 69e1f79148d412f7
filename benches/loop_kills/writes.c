/* Counts the calls of a process that change files, and ends the process at one of them, as SIGKILL does: without another word.
   Loaded before the C library (LD_PRELOAD). Nothing is counted until count_writes() was called, and never what is printed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long last;        /* the call at which the process ends; 0 for none */
static long *seen;       /* how many there were, where another process can read it */

void count_writes(long at, long *counter) { last = at; seen = counter; }

static void end(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* Whether this call is the last one. */
static int reached(void) { return seen && __atomic_add_fetch(seen, 1, __ATOMIC_SEQ_CST) == last; }

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

/* A write that is cut off: of every other one the first half is there. */
#define CUT(whole, half) do { if (reached()) { if (last % 2 && (whole) > 1) half; end(); } } while (0)

#define OF_FILE(fd) ((fd) > 2)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (OF_FILE(fd)) CUT(size, real(fd, data, size / 2));
    return real(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    CUT(size, real(fd, data, size / 2, at));
    return real(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    CUT(size, real(fd, data, size / 2, at));
    return real(fd, data, size, at);
}
size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
    REAL(size_t, "fwrite", const void *, size_t, size_t, FILE *);
    if (file != stdout && file != stderr) CUT(count, (real(data, size, count / 2, file), fflush(file)));
    return real(data, size, count, file);
}

#define WATCHED(type, name, given, passed) \
    type name given { REAL(type, #name, SIGNATURE); if (reached()) end(); return real passed; }
#define SIGNATURE int
WATCHED(int, fsync, (int fd), (fd))
WATCHED(int, fdatasync, (int fd), (fd))
#undef SIGNATURE
#define SIGNATURE int, off_t
WATCHED(int, ftruncate, (int fd, off_t size), (fd, size))
#undef SIGNATURE
#define SIGNATURE int, off64_t
WATCHED(int, ftruncate64, (int fd, off64_t size), (fd, size))
#undef SIGNATURE
#define SIGNATURE const char *, const char *
WATCHED(int, rename, (const char *from, const char *to), (from, to))
WATCHED(int, link, (const char *from, const char *to), (from, to))
#undef SIGNATURE
#define SIGNATURE int, const char *, int, const char *
WATCHED(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
#undef SIGNATURE
#define SIGNATURE int, const char *, int, const char *, int
WATCHED(int, linkat, (int a, const char *from, int b, const char *to, int how), (a, from, b, to, how))
#undef SIGNATURE
#define SIGNATURE const char *
WATCHED(int, unlink, (const char *path), (path))
WATCHED(int, rmdir, (const char *path), (path))
#undef SIGNATURE
#define SIGNATURE int, const char *, int
WATCHED(int, unlinkat, (int at, const char *path, int how), (at, path, how))
#undef SIGNATURE
#define SIGNATURE const char *, mode_t
WATCHED(int, mkdir, (const char *path, mode_t mode), (path, mode))
