#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "LockAnnotations.h"

#if defined(__linux__) && defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_ACTIVE 1
#endif
#endif

#if defined(IS_ACTIVE)

#include <dlfcn.h>
#include <stdint.h>

// Where two threads meet at a Mutex, the one waits in the kernel (futex(2), FUTEX_LOCK_PI), which makes it the owner: the
// sanitizer sees neither who let go nor who was let in, and takes whatever the lock guards for raced for. These stand
// before the library's functions of the same names, and tell it. The usual way in and out is in the callers themselves,
// and seen.
extern void __tsan_acquire(void *);
extern void __tsan_release(void *);

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
    __tsan_acquire(handle);
}

SWIFT void lock_annotations_unlock(SELF handle) {
    unlock_function next = (unlock_function)dlsym(RTLD_NEXT, UNLOCK_SLOW);
    __tsan_release(handle);
    next(handle);
}

int lock_annotations_are_active(void) { return 1; }

#else

int lock_annotations_are_active(void) { return 0; }

#endif
