"""Only the elements of an array are read: what lies between its rows or columns may be no memory at all."""

import subprocess
import sys
import textwrap

import pytest

HOLES = """
    import ctypes, faulthandler, itertools, mmap, sys
    import numpy as np
    import shortlist as sl

    faulthandler.enable()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    PAGE = mmap.PAGESIZE
    kept = []

    def stretches(count, width, dtype, at_end):
        '''Arrays of some width, each with a page before it and behind it that can't be read.'''
        pages = -(-width * dtype.itemsize // PAGE)
        stride = (pages + 1) * PAGE
        memory = mmap.mmap(-1, PAGE + count * stride)
        kept.append(memory)
        start = PAGE + (pages * PAGE - width * dtype.itemsize if at_end else 0)
        array = np.ndarray((count, width), dtype, memory, start, (stride, dtype.itemsize))
        base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        return array, [base + i * stride for i in range(count + 1)]

    def holed(x, across, at_end):
        source = x.T if across else x
        array, holes = stretches(*source.shape, x.dtype, at_end)
        array[:] = source
        for hole in holes:
            assert libc.mprotect(hole, PAGE, 0) == 0
        return array.T if across else array

    def guarded(x):
        for across, at_end in itertools.product((False, True), repeat=2):
            array = holed(x, across, at_end)
            yield array
            yield array[::-1]
            yield array[:, ::-1]

    def same(call, x, *about):
        print(*about, x.dtype, x.shape, flush=True)
        for array in guarded(x):
            wanted = call(np.ascontiguousarray(array))
            assert np.array_equal(call(array), wanted), about

    rng = np.random.default_rng(0)
    widths = [1, 2, 3, 4, 5, 6, 7, 9, 16, 47, 48, 49, 50, 63, 100]
    for dtype, width in itertools.product(sys.argv[2:], widths):
        p = rng.dirichlet(np.ones(width), 37) if width > 1 else np.ones((37, 1))
        p = p.astype(dtype)
        match sys.argv[1]:
            case "rows":
                for name in ("margin", "entropy", "gini"):
                    same(lambda x: sl.score(x, name, n_threads=1), p, name)
                    same(lambda x: sl.score(x, name, from_logits=True, n_threads=1), p, name, "logits")
                same(lambda x: sl.select(x, "entropy", 5, n_threads=1).indices, p, "select")
            case "committees":
                for name in ("bald", "vote_entropy", "mean_std"):
                    same(lambda x: sl.score([x, x], name, n_threads=1), p, name)
                same(lambda x: sl.score([x, x], "bald", from_logits=True, n_threads=1), p, "logits")
            case "features":
                for metric in ("euclidean", "cosine"):
                    same(lambda x: sl.k_center(x, 5, metric=metric, n_threads=1).indices, p, "k_center", metric)
                    same(lambda x: sl.min_distances(x, x[:3], metric=metric, n_threads=1)[0], p, "min_distances", metric)
                    same(lambda x: sl.density(x, metric=metric, n_threads=1), p, "density", metric)
                same(lambda x: sl.badge(x, x, 5, random_state=0, n_threads=1).indices, p, "badge")
    print("all read")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="pages are protected by Linux's mprotect here")
@pytest.mark.parametrize("dtypes", [["float16", "float32"], ["float64"]], ids=str)
@pytest.mark.parametrize("what", ["rows", "committees", "features"])
def test_what_lies_between_rows_is_not_read(what, dtypes):
    command = [sys.executable, "-c", textwrap.dedent(HOLES), what, *dtypes]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, (ended.stdout[-200:], ended.stderr[-2000:])
    assert ended.stdout.endswith("all read\n")
