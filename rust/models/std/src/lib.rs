//! The standard library with threads and locks whose order a model chooses. What is compiled with
//! this crate under the name `std` needs no change to be modelled.
//!
//! Beside the order, chance decides what a machine may: that a wait runs out of time, and that the
//! system has no thread to give.

pub use ::std::{any, cell, collections, env, hash, hint, io, iter, marker, mem, ops, panic, ptr, result};
pub use shuttle::thread_local;

fn below(number: usize) -> usize {
    use shuttle::rand::Rng;
    shuttle::rand::thread_rng().gen_range(0..number)
}

fn chance(percent: u32) -> bool {
    below(100) < percent as usize
}

/// Time, of which chance decides how much has gone by.
pub mod time {
    pub use ::std::time::Duration;

    pub struct Instant;

    impl Instant {
        pub fn now() -> Instant {
            Instant
        }

        pub fn elapsed(&self) -> Duration {
            Duration::from_secs(crate::below(2) as u64)
        }
    }
}

/// Processes: each schedule is one of its own, so that none finds the crew of another.
pub mod process {
    use ::std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    static PROCESS: AtomicU32 = AtomicU32::new(0);
    /// Nobody asks for anything any more, so all that waits with a time runs out of it.
    pub(crate) static OVER: AtomicBool = AtomicBool::new(false);

    /// Begins another process, as a fork does.
    pub fn begin() {
        PROCESS.fetch_add(1, Ordering::SeqCst);
        OVER.store(false, Ordering::SeqCst);
        crate::thread::BEGINNING.store(0, Ordering::SeqCst);
    }

    pub fn end() {
        OVER.store(true, Ordering::SeqCst);
    }

    pub fn id() -> u32 {
        PROCESS.load(Ordering::SeqCst)
    }
}

/// Threads that a schedule runs, and some that can't be had.
pub mod thread {
    use ::std::io;
    use ::std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
    pub use ::std::thread::available_parallelism;
    pub use shuttle::thread::{JoinHandle, spawn, yield_now};

    /// How often, of a hundred times, a thread is refused.
    pub static REFUSED: AtomicU32 = AtomicU32::new(0);

    /// Threads that were started and have not come to their work.
    pub static BEGINNING: AtomicUsize = AtomicUsize::new(0);

    pub struct Builder(shuttle::thread::Builder);

    impl Builder {
        #[allow(clippy::new_without_default)]
        pub fn new() -> Builder {
            Builder(shuttle::thread::Builder::new())
        }

        pub fn name(self, name: String) -> Builder {
            Builder(self.0.name(name))
        }

        pub fn spawn<F, T>(self, work: F) -> io::Result<JoinHandle<T>>
        where
            F: FnOnce() -> T + Send + 'static,
            T: Send + 'static,
        {
            if super::chance(REFUSED.load(Ordering::SeqCst)) {
                return Err(io::Error::other("no more threads"));
            }
            BEGINNING.fetch_add(1, Ordering::SeqCst);
            self.0.spawn(|| {
                yield_now();
                BEGINNING.fetch_sub(1, Ordering::SeqCst);
                work()
            })
        }
    }
}

/// Locks. Each knows whether it is still there when it is used.
pub mod sync {
    use crate::process::{self, OVER};
    use ::std::convert::Infallible;
    use ::std::ops::{Deref, DerefMut};
    use ::std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
    pub use ::std::sync::{Arc, PoisonError};
    use ::std::sync::{LockResult, RwLockReadGuard, RwLockWriteGuard, TryLockError};
    use ::std::time::Duration;

    pub mod atomic {
        pub use ::std::sync::atomic::Ordering;

        /// Numbers, before each use of which others may come. They may lie in a static.
        macro_rules! of_numbers {
            ($($name:ident: $number:ty),*) => {$(
                #[derive(Debug)]
                pub struct $name(::std::sync::atomic::$name);

                impl $name {
                    pub const fn new(value: $number) -> Self {
                        $name(::std::sync::atomic::$name::new(value))
                    }

                    pub fn load(&self, order: Ordering) -> $number {
                        shuttle::thread::yield_now();
                        self.0.load(order)
                    }

                    pub fn store(&self, value: $number, order: Ordering) {
                        shuttle::thread::yield_now();
                        self.0.store(value, order);
                    }

                    pub fn compare_exchange(
                        &self,
                        known: $number,
                        new: $number,
                        success: Ordering,
                        failure: Ordering,
                    ) -> Result<$number, $number> {
                        shuttle::thread::yield_now();
                        self.0.compare_exchange(known, new, success, failure)
                    }
                }
            )*};
        }

        of_numbers!(AtomicBool: bool, AtomicU32: u32, AtomicU64: u64);

        impl AtomicU32 {
            pub fn fetch_add(&self, value: u32, order: Ordering) -> u32 {
                shuttle::thread::yield_now();
                self.0.fetch_add(value, order)
            }
        }

        impl AtomicU64 {
            pub fn fetch_max(&self, value: u64, order: Ordering) -> u64 {
                shuttle::thread::yield_now();
                self.0.fetch_max(value, order)
            }
        }

        /// A pointer in a static outlives a schedule, which one of the model may not. Others may
        /// come before each use of it.
        pub struct AtomicPtr<T>(::std::sync::atomic::AtomicPtr<T>);

        impl<T> AtomicPtr<T> {
            pub const fn new(pointer: *mut T) -> Self {
                AtomicPtr(::std::sync::atomic::AtomicPtr::new(pointer))
            }

            pub fn load(&self, order: Ordering) -> *mut T {
                shuttle::thread::yield_now();
                self.0.load(order)
            }

            pub fn compare_exchange(
                &self,
                known: *mut T,
                new: *mut T,
                success: Ordering,
                failure: Ordering,
            ) -> Result<*mut T, *mut T> {
                shuttle::thread::yield_now();
                self.0.compare_exchange(known, new, success, failure)
            }
        }
    }

    /// What locks and waits return: no schedule goes on after a panic under a lock.
    type Locked<T> = Result<T, Infallible>;

    /// Not the model's own, which takes the unwinding of one thread for that of all: they are
    /// threads of the model alone.
    pub struct Mutex<T>(::std::sync::Mutex<T>);

    /// Knows its lock, to take it again after a wait.
    pub struct MutexGuard<'a, T> {
        held: ::std::sync::MutexGuard<'a, T>,
        of: &'a Mutex<T>,
    }

    impl<T> Mutex<T> {
        pub fn new(value: T) -> Mutex<T> {
            Mutex(::std::sync::Mutex::new(value))
        }

        pub fn lock(&self) -> Locked<MutexGuard<'_, T>> {
            loop {
                shuttle::thread::yield_now();
                match self.0.try_lock() {
                    Ok(held) => return Ok(MutexGuard { held, of: self }),
                    Err(TryLockError::Poisoned(held)) => {
                        return Ok(MutexGuard { held: held.into_inner(), of: self });
                    }
                    Err(TryLockError::WouldBlock) => (),
                }
            }
        }
    }

    impl<T> Mutex<T> {
        pub fn into_inner(self) -> Locked<T> {
            Ok(self.0.into_inner().unwrap_or_else(PoisonError::into_inner))
        }
    }

    /// Many read, or one writes.
    #[derive(Debug)]
    pub struct RwLock<T>(::std::sync::RwLock<T>);

    impl<T> RwLock<T> {
        pub fn new(value: T) -> RwLock<T> {
            RwLock(::std::sync::RwLock::new(value))
        }

        pub fn read(&self) -> LockResult<RwLockReadGuard<'_, T>> {
            loop {
                shuttle::thread::yield_now();
                match self.0.try_read() {
                    Ok(held) => return Ok(held),
                    Err(TryLockError::Poisoned(held)) => return Err(held),
                    Err(TryLockError::WouldBlock) => (),
                }
            }
        }

        pub fn write(&self) -> LockResult<RwLockWriteGuard<'_, T>> {
            loop {
                shuttle::thread::yield_now();
                match self.0.try_write() {
                    Ok(held) => return Ok(held),
                    Err(TryLockError::Poisoned(held)) => return Err(held),
                    Err(TryLockError::WouldBlock) => (),
                }
            }
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.held
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.held
        }
    }

    /// Whether a wait ran out of time.
    pub struct WaitTimeoutResult(bool);

    impl WaitTimeoutResult {
        pub fn timed_out(&self) -> bool {
            self.0
        }
    }

    /// How often, of a hundred looks at whether it was woken, a wait with a time runs out of it.
    pub static LATE: AtomicU32 = AtomicU32::new(0);

    #[derive(Default)]
    struct Waiting {
        gone: AtomicBool,
        /// Those that wait and were not woken.
        asleep: ::std::sync::Mutex<Vec<Arc<AtomicBool>>>,
    }

    /// What it is lies on the heap for good, so that its use after its end is found.
    pub struct Condvar(&'static Waiting);

    impl Condvar {
        #[allow(clippy::new_without_default)]
        pub fn new() -> Condvar {
            Condvar(Box::leak(Box::default()))
        }

        fn asleep(&self) -> ::std::sync::MutexGuard<'static, Vec<Arc<AtomicBool>>> {
            assert!(!self.0.gone.load(SeqCst), "a call was touched that is gone");
            self.0.asleep.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> Locked<MutexGuard<'a, T>> {
            Ok(self.wait_until(guard, || false)?.0)
        }

        pub fn wait_timeout<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            _patience: Duration,
        ) -> Locked<(MutexGuard<'a, T>, WaitTimeoutResult)> {
            self.wait_until(guard, || OVER.load(SeqCst) || crate::chance(LATE.load(SeqCst)))
        }

        /// Gives up the lock and waits, as one step; then takes the lock again.
        fn wait_until<'a, T>(
            &self,
            guard: MutexGuard<'a, T>,
            late: impl Fn() -> bool,
        ) -> Locked<(MutexGuard<'a, T>, WaitTimeoutResult)> {
            let (of, woken) = (guard.of, Arc::new(AtomicBool::new(false)));
            self.asleep().push(woken.clone());
            drop(guard);
            // A thread of the parent is not there in a child, so nothing wakes it.
            let own = process::id();
            let is_woken = || woken.load(SeqCst) && process::id() == own;
            let mut is_late = false;
            while !is_woken() && !is_late {
                shuttle::thread::yield_now();
                is_late = !is_woken() && late();
            }
            self.asleep().retain(|other| !Arc::ptr_eq(other, &woken));
            Ok((of.lock()?, WaitTimeoutResult(is_late)))
        }

        /// Wakes all that wait.
        pub fn notify_all(&self) {
            self.asleep().drain(..).for_each(|woken| woken.store(true, SeqCst));
        }

        /// Wakes any one of those that wait.
        pub fn notify_one(&self) {
            let mut asleep = self.asleep();
            if !asleep.is_empty() {
                let which = crate::below(asleep.len());
                asleep.swap_remove(which).store(true, SeqCst);
            }
        }
    }

    impl Drop for Condvar {
        fn drop(&mut self) {
            self.0.gone.store(true, SeqCst);
        }
    }
}
