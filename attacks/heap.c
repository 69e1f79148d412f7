/* Lets requests for memory and threads fail that the compiled half of Shortlist makes: one of them,
   or all from one on. Loaded before the C library (LD_PRELOAD). Nothing is counted before
   heap_fail() was called. Nor is what the standard library, the C library and the loader ask for to
   start a thread: that some is left for it is seen to before, by a request of SPARE bytes (see
   rust/core/src/helpers.rs), which may fail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static uintptr_t low, high;  /* where the code lies whose requests are counted */
static long first, until;    /* the numbers of those that fail; none where first is 0 */
static long seen;
static int counting;
static __thread int starts;     /* it was seen to that memory is left for a thread */
static __thread size_t before;  /* bytes of the last request */

#define SPARE (1 << 20)
#define LITTLE 256              /* what starting a thread asks for is not more at a time */

void heap_fail(uintptr_t from, uintptr_t to, long at, int once) {
    low = from; high = to; first = at; until = once ? at : INT64_MAX; seen = 0;
    __atomic_store_n(&counting, 1, __ATOMIC_SEQ_CST);
}

long heap_seen(void) { __atomic_store_n(&counting, 0, __ATOMIC_SEQ_CST); return seen; }

static int fails(void *caller, size_t size) {
    if (!__atomic_load_n(&counting, __ATOMIC_SEQ_CST)) return 0;
    if ((uintptr_t)caller < low || (uintptr_t)caller >= high) return 0;
    starts = starts && size <= LITTLE;
    if (starts) return 0;
    long number = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
    int failing = first && number >= first && number <= until;
    /* After a large one it is seen to as well that some is left, and lists may be so long. */
    starts = size == SPARE && before < SPARE && !failing;
    before = size;
    return failing;
}

#define GIVE(size, value) do { if (fails(__builtin_return_address(0), size)) { errno = ENOMEM; return NULL; } return value; } while (0)

void *malloc(size_t size) { GIVE(size, __libc_malloc(size)); }
void *calloc(size_t count, size_t size) { GIVE(count * size, __libc_calloc(count, size)); }
void *realloc(void *old, size_t size) { GIVE(size, __libc_realloc(old, size)); }
void *memalign(size_t align, size_t size) { GIVE(size, __libc_memalign(align, size)); }
void *aligned_alloc(size_t align, size_t size) { GIVE(size, __libc_memalign(align, size)); }
int posix_memalign(void **place, size_t align, size_t size) {
    if (fails(__builtin_return_address(0), size)) return ENOMEM;
    void *got = __libc_memalign(align, size);
    if (!got) return ENOMEM;
    *place = got;
    return 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*begin)(void *), void *with) {
    static int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    starts = 0;
    if (fails(__builtin_return_address(0), 0)) return EAGAIN;
    if (!real) real = (int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(RTLD_NEXT, "pthread_create");
    return real(thread, how, begin, with);
}
