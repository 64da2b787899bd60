#ifndef LOCK_ANNOTATIONS_H
#define LOCK_ANNOTATIONS_H

// What the thread sanitizer must be told of Swift's Mutex. Whether anything is told here: only on Linux, and with that
// sanitizer.
int lock_annotations_are_active(void);

#endif
