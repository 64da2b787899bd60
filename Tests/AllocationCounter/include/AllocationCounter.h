#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdint.h>

// How often the calling thread has asked for memory since it began: malloc, calloc, realloc, posix_memalign,
// aligned_alloc, memalign. Exact, and untouched by what other threads do. -1 where nothing is counted: without glibc,
// and with a sanitizer, which has an allocator of its own.
int64_t allocation_counter_of_thread(void);

#endif
