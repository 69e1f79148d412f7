/* Counts the calls by which a process changes what lies in one folder. At one of them the process
   is killed, or the call fails, or half of it is done; and all of them can be written down, with
   their bytes, as a power cut may lose some. Loaded before the C library (LD_PRELOAD). Nothing is
   counted until watch() was called, and nothing outside the folder. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define KILL -1
#define HALF -2
#define FILES 4096

static char folder[PATH_MAX];
static size_t length;
static long last;             /* the call at which it happens; 0 for none */
static int what;              /* KILL, HALF, or the errno to fail with */
static volatile long *seen;   /* how many there were, and then the kind of each, where another process can read it */
static long room;             /* for so many kinds */
static int trace = -1;        /* where calls are written down */
static char mine[FILES];      /* which descriptors are of the folder */
static char plain[FILES];     /* which of these are written down: all but shared memory */

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

void watch(const char *place, long at, int error, long *counter, long kinds, int log) {
    length = strlen(place);
    memcpy(folder, place, length + 1);
    last = at; what = error; room = kinds; trace = log; seen = counter;
}

static void end(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

/* Count a call of some kind; return whether it is the one. */
static int reached(char kind) {
    if (!seen) return 0;
    long number = __atomic_add_fetch(&seen[0], 1, __ATOMIC_SEQ_CST);
    if (number <= room) ((char *)(seen + 1))[number - 1] = kind;
    return number == last;
}

static int inside(int at, const char *path) {
    if (!seen || !path) return 0;
    if (path[0] == '/') return strncmp(path, folder, length) == 0 && (path[length] == '/' || !path[length]);
    if (at >= 0 && at < FILES) return mine[at];
    char here[PATH_MAX];
    return getcwd(here, sizeof here) && strncmp(here, folder, length) == 0;
}

static int ours(int fd) { return seen && fd >= 0 && fd < FILES && mine[fd]; }

/* Write down: kind, three numbers, and two texts or bytes. */
static void note(char kind, int64_t a, int64_t b, int64_t c, const void *one, size_t n, const void *two, size_t m) {
    if (trace < 0) return;
    REAL(ssize_t, "writev", int, const struct iovec *, int);
    int64_t head[6] = {kind, a, b, c, (int64_t)n, (int64_t)m};
    struct iovec parts[3] = {{head, sizeof head}, {(void *)one, n}, {(void *)two, m}};
    real(trace, parts, 3);
}

static const char *full(int at, const char *path, char *into) {
    if (path[0] == '/') return path;
    char link[64];
    ssize_t got;
    snprintf(link, sizeof link, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
    if ((got = readlink(link, into, PATH_MAX - 1)) < 0) return path;
    snprintf(into + got, PATH_MAX - got, "/%s", path);
    return into;
}

static int64_t inode(int fd) { struct stat about; return fstat(fd, &about) ? -1 : (int64_t)about.st_ino; }

static void note_names(char kind, int64_t a, int at, const char *from, int to_at, const char *to) {
    char one[PATH_MAX], two[PATH_MAX];
    if (trace < 0) return;
    const char *f = full(at, from, one), *t = to ? full(to_at, to, two) : "";
    note(kind, a, 0, 0, f, strlen(f), t, strlen(t));
}

#define FAIL(kind, bad) do { if (reached(kind)) { if (what == KILL) end(); if (what > 0) { errno = what; return bad; } } } while (0)

/* A write may also end after its first half, with or without a kill. */
#define WRITE(size, real_call, bad) do { \
    if (reached('w')) { \
        if (what > 0) { errno = what; return bad; } \
        if (what == HALF || last % 2) { size_t half = (size) / 2; if (half) (void)!(real_call); if (what == HALF && half) return half; } \
        if (what == KILL) end(); \
    } } while (0)

static int real_flags(int fd) {
    REAL(int, "fcntl", int, int, void *);
    return real(fd, F_GETFL, NULL);
}

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (!ours(fd)) return real(fd, data, size);
    int64_t at = trace < 0 ? 0 : lseek(fd, 0, SEEK_CUR);
    if (trace >= 0 && (real_flags(fd) & O_APPEND)) at = lseek(fd, 0, SEEK_END);
    WRITE(size, real(fd, data, half), -1);
    ssize_t done = real(fd, data, size);
    if (done > 0) note('w', inode(fd), at, 0, data, done, "", 0);
    return done;
}
#define PWRITE(name) \
ssize_t name(int fd, const void *data, size_t size, off64_t at) { \
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t); \
    if (!ours(fd)) return real(fd, data, size, at); \
    WRITE(size, real(fd, data, half, at), -1); \
    ssize_t done = real(fd, data, size, at); \
    if (done > 0 && plain[fd]) note('w', inode(fd), at, 0, data, done, "", 0); \
    return done; \
}
PWRITE(pwrite)
PWRITE(pwrite64)
size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
    REAL(size_t, "fwrite", const void *, size_t, size_t, FILE *);
    int fd = fileno(file);
    if (!ours(fd)) return real(data, size, count, file);
    fflush(file);
    int64_t at = trace < 0 ? 0 : lseek(fd, 0, SEEK_CUR);
    if (reached('w')) {
        if (what > 0) { errno = what; return 0; }
        if (what == HALF || last % 2) { real(data, size, count / 2, file); fflush(file); if (what == HALF) return count / 2; }
        if (what == KILL) end();
    }
    size_t done = real(data, size, count, file);
    fflush(file);
    if (done) note('w', inode(fd), at, 0, data, done * size, "", 0);
    return done;
}
FILE *fopen64(const char *path, const char *mode) {
    REAL(FILE *, "fopen64", const char *, const char *);
    FILE *file = real(path, mode);
    if (file && inside(AT_FDCWD, path) && fileno(file) < FILES) mine[fileno(file)] = plain[fileno(file)] = 1;
    return file;
}

static int opened(int fd, int at, const char *path, int flags, int is_mine, int existed) {
    if (fd < 0 || fd >= FILES) return fd;
    mine[fd] = is_mine;
    plain[fd] = is_mine && !(strlen(path) > 4 && !strcmp(path + strlen(path) - 4, "-shm"));
    if (!plain[fd]) return fd;
    if ((flags & O_TMPFILE) == O_TMPFILE) note('N', inode(fd), 0, 0, "", 0, "", 0);
    else if ((flags & O_CREAT) && !existed) note_names('N', inode(fd), at, path, 0, NULL);
    else if (flags & O_TRUNC) note('t', inode(fd), 0, 0, "", 0, "", 0);
    return fd;
}
/* Whether something of this name is there; asked only where calls are written down. */
static int is_there(int at, const char *path) { return trace >= 0 && !faccessat(at, path, F_OK, 0); }
#define MODE mode_t mode = 0; if (flags & (O_CREAT | O_TMPFILE)) { va_list more; va_start(more, flags); mode = va_arg(more, mode_t); va_end(more); }
#define OPEN(name) \
int name(const char *path, int flags, ...) { \
    MODE \
    REAL(int, #name, const char *, int, mode_t); \
    int is_mine = inside(AT_FDCWD, path); \
    if (is_mine) FAIL('o', -1); \
    int existed = is_there(AT_FDCWD, path); \
    return opened(real(path, flags, mode), AT_FDCWD, path, flags, is_mine, existed); \
}
OPEN(open)
OPEN(open64)
#define OPENAT(name) \
int name(int at, const char *path, int flags, ...) { \
    MODE \
    REAL(int, #name, int, const char *, int, mode_t); \
    int is_mine = inside(at, path); \
    if (is_mine) FAIL('o', -1); \
    int existed = is_there(at, path); \
    return opened(real(at, path, flags, mode), at, path, flags, is_mine, existed); \
}
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    REAL(int, "close", int);
    int was = ours(fd);
    if (was) {
        mine[fd] = plain[fd] = 0;
        if (reached('c')) {
            if (what == KILL) end();
            if (what > 0) { real(fd); errno = what; return -1; }  /* as Linux does: closed all the same */
        }
    }
    return real(fd);
}
#define SYNC(name) \
int name(int fd) { \
    REAL(int, #name, int); \
    if (ours(fd)) FAIL('s', -1); \
    int done = real(fd); \
    if (!done && ours(fd)) { \
        char link[64], path[PATH_MAX]; \
        ssize_t got = trace < 0 ? 0 : (snprintf(link, sizeof link, "/proc/self/fd/%d", fd), readlink(link, path, sizeof path)); \
        note('s', inode(fd), 0, 0, path, got > 0 ? got : 0, "", 0); \
    } \
    return done; \
}
SYNC(fsync)
SYNC(fdatasync)
#define TRUNCATE(name) \
int name(int fd, off64_t size) { \
    REAL(int, "ftruncate64", int, off64_t); \
    if (ours(fd)) FAIL('t', -1); \
    int done = real(fd, size); \
    if (!done && ours(fd) && plain[fd]) note('t', inode(fd), size, 0, "", 0, "", 0); \
    return done; \
}
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)
#define MAP(name) \
void *name(void *where, size_t size, int rights, int flags, int fd, off64_t at) { \
    REAL(void *, "mmap64", void *, size_t, int, int, int, off64_t); \
    if (!(flags & MAP_ANONYMOUS) && ours(fd)) FAIL('m', MAP_FAILED); \
    return real(where, size, rights, flags, fd, at); \
}
MAP(mmap)
MAP(mmap64)
#define LOCK(name) \
int name(int fd, int command, ...) { \
    va_list more; va_start(more, command); void *given = va_arg(more, void *); va_end(more); \
    REAL(int, #name, int, int, void *); \
    if ((command == F_SETLK || command == F_SETLKW) && ours(fd)) FAIL('l', -1); \
    int done = real(fd, command, given); \
    if ((command == F_DUPFD || command == F_DUPFD_CLOEXEC) && done >= 0 && done < FILES && fd < FILES) { \
        mine[done] = mine[fd]; plain[done] = plain[fd]; \
    } \
    return done; \
}
LOCK(fcntl)
LOCK(fcntl64)

#define NAMES(name, kind, is_mine, given, passed, a, from, b, to) \
int name given { \
    REAL(int, #name, SIGNATURE); \
    int watched = is_mine; \
    if (watched) FAIL('n', -1); \
    struct stat about; \
    int64_t node = watched && trace >= 0 && !fstatat(a, from, &about, 0) ? (int64_t)about.st_ino : 0; \
    int done = real passed; \
    if (!done && watched) note_names(kind, node, a, from, b, to); \
    return done; \
}
#define SIGNATURE const char *, const char *
NAMES(rename, 'r', inside(AT_FDCWD, to), (const char *from, const char *to), (from, to), AT_FDCWD, from, AT_FDCWD, to)
NAMES(link, 'l', inside(AT_FDCWD, to), (const char *from, const char *to), (from, to), AT_FDCWD, from, AT_FDCWD, to)
#undef SIGNATURE
#define SIGNATURE int, const char *, int, const char *
NAMES(renameat, 'r', inside(b, to), (int a, const char *from, int b, const char *to), (a, from, b, to), a, from, b, to)
#undef SIGNATURE
#define SIGNATURE int, const char *, int, const char *, int
NAMES(linkat, 'l', inside(b, to), (int a, const char *from, int b, const char *to, int how), (a, from, b, to, how), a, from, b, to)
#undef SIGNATURE
#define SIGNATURE const char *
NAMES(unlink, 'u', inside(AT_FDCWD, path), (const char *path), (path), AT_FDCWD, path, 0, NULL)
NAMES(rmdir, 'u', inside(AT_FDCWD, path), (const char *path), (path), AT_FDCWD, path, 0, NULL)
#undef SIGNATURE
#define SIGNATURE int, const char *, int
NAMES(unlinkat, 'u', inside(at, path), (int at, const char *path, int how), (at, path, how), at, path, 0, NULL)
#undef SIGNATURE
#define SIGNATURE const char *, mode_t
NAMES(mkdir, 'd', inside(AT_FDCWD, path), (const char *path, mode_t mode), (path, mode), AT_FDCWD, path, 0, NULL)
#undef SIGNATURE
#define SIGNATURE int, const char *, mode_t
NAMES(mkdirat, 'd', inside(at, path), (int at, const char *path, mode_t mode), (at, path, mode), at, path, 0, NULL)
#undef SIGNATURE
#define SIGNATURE int, mode_t
int fchmod(int fd, mode_t mode) { REAL(int, "fchmod", int, mode_t); if (ours(fd)) FAIL('p', -1); return real(fd, mode); }
int fchown(int fd, uid_t user, gid_t group) {
    REAL(int, "fchown", int, uid_t, gid_t);
    if (ours(fd)) FAIL('p', -1);
    return real(fd, user, group);
}
