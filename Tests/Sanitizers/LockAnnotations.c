// Tells the thread sanitizer of Swift's Mutex. A library that Scripts/sanitize.sh loads before all others (LD_PRELOAD) into
// the tests and the processes that they start.
//
// Where two threads meet at a Mutex, the one waits in the kernel (futex(2), FUTEX_LOCK_PI), which makes it the owner: the
// sanitizer sees neither who let go nor who was let in, and takes whatever the lock guards for raced for. These functions
// stand before the library's of the same names, and tell it. The usual way in and out is in the callers themselves, and
// seen.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdint.h>

// The sanitizer's, in processes that have it.
extern void __tsan_acquire(void *) __attribute__((weak));
extern void __tsan_release(void *) __attribute__((weak));

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_annotations_lock(uint32_t thread, SELF handle) __asm__(LOCK_SLOW);
SWIFT void lock_annotations_unlock(SELF handle) __asm__(UNLOCK_SLOW);

typedef SWIFT void (*lock_function)(uint32_t thread, SELF handle);
typedef SWIFT void (*unlock_function)(SELF handle);

SWIFT void lock_annotations_lock(uint32_t thread, SELF handle) {
    lock_function next = (lock_function)dlsym(RTLD_NEXT, LOCK_SLOW);
    next(thread, handle);
    if (__tsan_acquire) {
        __tsan_acquire(handle);
    }
}

SWIFT void lock_annotations_unlock(SELF handle) {
    unlock_function next = (unlock_function)dlsym(RTLD_NEXT, UNLOCK_SLOW);
    if (__tsan_release) {
        __tsan_release(handle);
    }
    next(handle);
}
